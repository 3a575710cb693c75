import { SYSTEM_CLOCK } from '@pdaltagent/clock';
import { openRunFolder, type RabbitMQ, startRabbitMQCluster, waitUntil } from '@pdaltagent/testing';
import { type ChannelModel, connect } from 'amqplib';
import { type ClusterWorld } from './contract-world.fixture';

const OTHERS = 2;
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
  const isConnected = async (node: RabbitMQ): Promise<boolean> =>
    Number(await node.control(['eval', 'length(nodes()).'])) === OTHERS;
  const allConnected = async (): Promise<void> => {
    for (const node of cluster.nodes)
      await waitUntil(() => isConnected(node), { what: 'the nodes to connect', timeoutMs: START_MS });
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
      const connection = await connect(nodeOf(node).url);
      connection.on('error', () => undefined);
      connections.push(connection);
      return connection;
    },
    isolate: (node) => {
      isolated.add(node);
      return cluster.isolate(node);
    },
    heal,
    killNode: (node) => nodeOf(node).kill(),
    startNode: async (node) => {
      await nodeOf(node).restart();
      await allConnected();
    },
    changeLeader: async (name, node) => {
      const queue = `rabbit_misc:r(<<"/">>, queue, <<"${name}">>)`;
      const target = `'rabbit${node}@localhost'`;
      await nodeOf(0).control([
        'eval',
        `{ok, Q} = rabbit_amqqueue:lookup(${queue}), {Name, Leader} = amqqueue:get_pid(Q), ` +
          `ok = ra:transfer_leadership({Name, Leader}, {Name, ${target}}).`,
      ]);
    },
    stallQueue: refuse,
    resumeQueue: refuse,
    setAlarm: refuse,
    setMaxMessageSize: refuse,
    setConsumerTimeout: refuse,
    restartBroker: refuse,
    cut: refuse,
    run: async (test) => {
      try {
        await test(world);
      } finally {
        await Promise.all(connections.splice(0).map((connection) => connection.close().catch(() => undefined)));
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
