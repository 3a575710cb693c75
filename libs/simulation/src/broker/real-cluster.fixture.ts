import { SYSTEM_CLOCK } from '@pdaltagent/clock';
import {
  connectToBroker,
  openRunFolder,
  type RabbitMQ,
  reconnectedPeers,
  startRabbitMQCluster,
  waitUntil,
} from '@pdaltagent/testing';
import { type ChannelModel } from 'amqplib';
import { closeAll, type ClusterWorld } from './contract-world.fixture';

const START_MS = 60_000;

/** Three real nodes. */
export async function realCluster(): Promise<ClusterWorld> {
  const folder = openRunFolder('contract-cluster');
  const cluster = await startRabbitMQCluster({ folder: folder.path });
  const connections: ChannelModel[] = [];
  const isolated = new Set<number>();
  let queues = 0;
  const nodeOf = (node: number): RabbitMQ => {
    const found = cluster.nodes[node];
    if (found === undefined) throw new Error(`no node ${node}`);
    return found;
  };
  const down = new Set<number>();
  const runningNodes = (): RabbitMQ[] => cluster.nodes.filter((_, node) => !down.has(node));
  const isConnected = async (node: RabbitMQ): Promise<boolean> =>
    Number(await node.control(['eval', 'length(nodes()).'])) === runningNodes().length - 1;
  const allConnected = async (): Promise<void> => {
    const others = runningNodes().length - 1;
    for (const node of runningNodes())
      await waitUntil(async () => (await reconnectedPeers(node)) === others, {
        what: 'the nodes to connect',
        timeoutMs: START_MS,
      });
  };
  const start = async (node: number): Promise<void> => {
    await nodeOf(node).restart();
    down.delete(node);
    await allConnected();
  };
  const heal = async (): Promise<void> => {
    await cluster.heal();
    await allConnected();
  };
  const refuse = (): never => {
    throw new Error('a cluster does not do this');
  };
  const world: ClusterWorld = {
    clock: SYSTEM_CLOCK,
    newQueueName: () => `contract.${(queues += 1)}`,
    connect: async (node = 0) => {
      const connection = await connectToBroker(nodeOf(node).url);
      connections.push(connection);
      return connection;
    },
    isolate: (node) => {
      isolated.add(node);
      return cluster.isolate(node);
    },
    separate: async (one, other) => {
      isolated.add(one).add(other);
      await cluster.separate(one, other);
      const [third] = cluster.nodes.filter((_, node) => node !== one && node !== other);
      if (third === undefined) throw new Error('no third node');
      // They lose it for a moment.
      await waitUntil(async () => !(await isConnected(nodeOf(one))), { what: 'the nodes to disconnect' });
      await waitUntil(() => isConnected(third), { what: 'the nodes to connect', timeoutMs: START_MS });
    },
    heal,
    killNode: (node) => {
      down.add(node);
      return nodeOf(node).kill();
    },
    startNode: start,
    changeLeader: async (name, node) => {
      const queue = `rabbit_misc:r(<<"/">>, queue, <<"${name}">>)`;
      const target = `'rabbit${node}@localhost'`;
      await nodeOf(0).control([
        'eval',
        `{ok, Q} = rabbit_amqqueue:lookup(${queue}), {Name, Leader} = amqqueue:get_pid(Q), ` +
          `ok = ra:transfer_leadership({Name, Leader}, {Name, ${target}}).`,
      ]);
    },
    connectFragile: refuse,
    stallQueue: refuse,
    resumeQueue: refuse,
    setAlarm: refuse,
    setMaxMessageSize: refuse,
    setConsumerTimeout: refuse,
    restartBroker: refuse,
    restartBrokerEarly: refuse,
    cut: refuse,
    run: async (test) => {
      try {
        await test();
      } finally {
        await closeAll(SYSTEM_CLOCK, connections.splice(0));
        for (const node of down) await start(node);
        await heal();
        // After a partition the nodes disagree about queues until those of one side start again.
        for (const node of isolated) await nodeOf(node).restart();
        isolated.clear();
        await allConnected();
      }
    },
    stop: async () => {
      await cluster.stop();
      folder.remove();
    },
  };
  return world;
}
