import path from 'node:path';
import { findRabbitMQ } from './binaries';
import { FaultProxy } from './fault-proxy';
import { registerNode } from './port-mapper';
import { freePort } from './ports';
import { newSecrets, startInstalledRabbitMQ } from './rabbitmq';
import { type RabbitMQ } from './server';
import { ServersMissing } from './servers';
import { waitUntil } from './wait-until';

const NAMES = ['rabbit0', 'rabbit1', 'rabbit2'] as const;

export interface ClusterOptions {
  /** Folder for everything. */
  folder: string;
  /** What nodes do that lose the others. Default: ignore, as RabbitMQ's own. */
  partitionHandling?: 'ignore' | 'pause_minority' | 'autoheal';
}

/** Three nodes of RabbitMQ, clustered, on the loopback interface. */
export interface RabbitMQCluster {
  readonly nodes: readonly RabbitMQ[];
  /**
   * Cuts every connection between this node and the others, and lets none be made: both sides notice at once. With `silently`
   * nothing gets through, but the connections stay open, and are noticed to be dead only after a minute.
   */
  isolate(node: number, how?: 'silently'): Promise<void>;
  /** Cuts the connections between two nodes, and lets none be made; both still reach the third one. */
  separate(one: number, other: number): Promise<void>;
  /** Cuts the connections between two nodes for a moment: they connect again at once. */
  flap(one: number, other: number): void;
  /** Ends every isolation. */
  heal(): Promise<void>;
  /** Stops every node. */
  stop(): Promise<void>;
}

/** The path from one node to another. */
interface Link {
  readonly from: number;
  readonly to: number;
  readonly proxy: FaultProxy;
}

/**
 * Starts three nodes that reach each other through proxies: each node has its own port mapper, in which the others are
 * registered with the ports of the proxies. A partition needs no privileges, and the nodes cannot tell it from one of the
 * network.
 * @throws ServersMissing if RabbitMQ is not installed; containers cannot be clustered here
 */
export async function startRabbitMQCluster(options: ClusterOptions): Promise<RabbitMQCluster> {
  const binaries = findRabbitMQ();
  if (binaries === undefined) throw new ServersMissing(['RabbitMQ']);
  const secrets = newSecrets();
  const distributionPorts = await Promise.all(NAMES.map(() => freePort()));
  const links = await linksBetween(distributionPorts);
  const members = NAMES.map((name) => `'${name}@localhost'`).join(', ');
  const terms = [
    `{cluster_nodes, {[${members}], disc}}`,
    `{cluster_partition_handling, ${options.partitionHandling ?? 'ignore'}}`,
    // The first node waits for others to join; they wait until it has started.
    '{cluster_formation, [{discovery_retry_limit, 1}]}',
  ];
  const starting = NAMES.map((name, index) =>
    startInstalledRabbitMQ(binaries, {
      folder: path.join(options.folder, name),
      nodeName: `${name}@localhost`,
      distributionPort: distributionPorts[index] ?? 0,
      secrets,
      terms,
      portMapperStarted: async (portMapper) => {
        for (const { to, proxy } of links.filter(({ from }) => from === index)) {
          const socket = await registerNode(portMapper, NAMES[to] ?? '', proxy.port);
          socket.unref();
        }
      },
    }),
  );
  const stop = async (): Promise<void> => {
    await Promise.all(
      (await Promise.allSettled(starting)).map(async (result) => {
        if (result.status === 'fulfilled') await result.value.stop();
      }),
    );
    await Promise.all(links.map(({ proxy }) => proxy.stop()));
  };
  const between = (one: number, other: number): readonly Link[] =>
    links.filter(({ from, to }) => (from === one && to === other) || (from === other && to === one));
  try {
    const nodes = await Promise.all(starting);
    await waitUntil(async () => (await runningNodes(nodes[0])) === NAMES.length, {
      what: 'the nodes to form a cluster',
    });
    return {
      nodes,
      stop,
      async isolate(node, how) {
        const fault = how === 'silently' ? ({ kind: 'black-hole' } as const) : ({ kind: 'down' } as const);
        await Promise.all(
          links.filter(({ from, to }) => from === node || to === node).map(({ proxy }) => proxy.inject(fault)),
        );
      },
      async separate(one, other) {
        await Promise.all(between(one, other).map(({ proxy }) => proxy.inject({ kind: 'down' })));
      },
      flap(one, other) {
        for (const { proxy } of between(one, other)) proxy.reset();
      },
      async heal() {
        await Promise.all(links.map(({ proxy }) => proxy.heal()));
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

function linksBetween(distributionPorts: readonly number[]): Promise<readonly Link[]> {
  return Promise.all(
    distributionPorts.flatMap((port, to) =>
      distributionPorts.flatMap((_, from) =>
        from === to ? [] : [FaultProxy.start(port).then((proxy): Link => ({ from, to, proxy }))],
      ),
    ),
  );
}

async function runningNodes(node: RabbitMQ | undefined): Promise<number> {
  return Number(await node?.control(['eval', 'length(rabbit_nodes:all_running()).']));
}

/** To how many others a node is connected, once it has tried to reach those it has lost: they connect again only when one needs the other. */
export async function reconnectedPeers(node: RabbitMQ): Promise<number> {
  const reconnecting = '[net_kernel:connect_node(Node) || Node <- rabbit_mnesia:cluster_nodes(all)], length(nodes()).';
  return Number(await node.control(['eval', reconnecting]));
}
