import { SYSTEM_CLOCK } from '@pdaltagent/clock';
import { connectToBroker, FaultProxy, openRunFolder, startRabbitMQ } from '@pdaltagent/testing';
import { type ChannelModel } from 'amqplib';
import net from 'node:net';
import { closeAll, type ContractWorld } from './contract-world.fixture';

/** A separate RabbitMQ for this world, because alarms and limits affect all of its clients. */
export async function realWorld(): Promise<ContractWorld> {
  const folder = openRunFolder('contract');
  const broker = await startRabbitMQ({ folder: folder.path });
  const connections: ChannelModel[] = [];
  const proxies: FaultProxy[] = [];
  let queues = 0;
  const world: ContractWorld = {
    clock: SYSTEM_CLOCK,
    newQueueName: () => `contract.${(queues += 1)}`,
    connect: async () => {
      const connection = await connectToBroker(broker.url);
      connections.push(connection);
      return connection;
    },
    connectFragile: async (heartbeatMs) => {
      const proxy = await FaultProxy.start(broker.url);
      proxies.push(proxy);
      const connection = await connectToBroker(`${proxy.url(broker.url)}?heartbeat=${heartbeatMs / 1_000}`);
      connections.push(connection);
      return {
        connection,
        breakSilently: (deliveredAfterMs) => {
          proxy.holdBack();
          if (deliveredAfterMs !== undefined) SYSTEM_CLOCK.after(deliveredAfterMs, () => proxy.deliver());
        },
      };
    },
    stallQueue: (name) => broker.stallQueue(name),
    resumeQueue: (name) => broker.resumeQueue(name),
    setAlarm: (on) => broker.setAlarm('memory', on),
    setMaxMessageSize: (bytes) => broker.setMaxMessageSize(bytes),
    setConsumerTimeout: (timeoutMs, checkMs) => broker.setConsumerTimeout(timeoutMs, checkMs),
    restartBroker: async () => {
      await broker.settle();
      await broker.kill();
      await broker.restart();
    },
    restartBrokerEarly: async () => {
      await broker.kill();
      await broker.restart();
    },
    cut: ({ connection }) => {
      if (!('stream' in connection && connection.stream instanceof net.Socket)) throw new Error('no socket');
      connection.stream.resetAndDestroy();
      // amqplib notices only once heartbeats are missing.
      connection.stream.emit('error', new Error('the connection was reset'));
    },
    run: async (test) => {
      await test();
      await closeAll(SYSTEM_CLOCK, connections.splice(0));
    },
    stop: async () => {
      for (const proxy of proxies) await proxy.stop();
      await broker.stop();
      folder.remove();
    },
  };
  return world;
}
