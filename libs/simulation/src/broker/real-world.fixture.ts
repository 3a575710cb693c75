import { SYSTEM_CLOCK } from '@pdaltagent/clock';
import { openRunFolder, startRabbitMQ } from '@pdaltagent/testing';
import { type ChannelModel, connect } from 'amqplib';
import net from 'node:net';
import { type ContractWorld } from './contract-world.fixture';

/** A separate RabbitMQ for this world, because alarms and limits affect all of its clients. */
export async function realWorld(): Promise<ContractWorld> {
  const folder = openRunFolder('contract');
  const broker = await startRabbitMQ({ folder: folder.path });
  const connections: ChannelModel[] = [];
  let queues = 0;
  const tellLeader = async (what: 'suspend' | 'resume', name: string): Promise<void> => {
    const queue = `rabbit_misc:r(<<"/">>, queue, <<"${name}">>)`;
    await broker.control(['eval', `{ok, Q} = rabbit_amqqueue:lookup(${queue}), sys:${what}(amqqueue:get_pid(Q)).`]);
  };
  const world: ContractWorld = {
    clock: SYSTEM_CLOCK,
    newQueueName: () => `contract.${(queues += 1)}`,
    connect: async () => {
      const connection = await connect(broker.url);
      connections.push(connection);
      return connection;
    },
    stallQueue: (name) => tellLeader('suspend', name),
    resumeQueue: (name) => tellLeader('resume', name),
    setAlarm: (on) => broker.setAlarm('memory', on),
    setMaxMessageSize: (bytes) => broker.setMaxMessageSize(bytes),
    setConsumerTimeout: (timeoutMs, checkMs) => broker.setConsumerTimeout(timeoutMs, checkMs),
    restartBroker: async () => {
      await broker.settle();
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
      await test(world);
      await Promise.all(connections.splice(0).map((connection) => connection.close().catch(() => undefined)));
    },
    stop: async () => {
      await broker.stop();
      folder.remove();
    },
  };
  return world;
}
