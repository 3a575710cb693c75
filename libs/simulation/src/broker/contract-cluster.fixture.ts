import { delay } from '@pdaltagent/clock';
import { type ChannelModel, type ConfirmChannel } from 'amqplib';
import { type ClusterWorld } from './contract-world.fixture';
import { type ContractCase, publish, type QueueKind, stocked } from './contract.fixture';

export type ClusterCase = ContractCase<ClusterWorld>;

/** The queue's leader is on this node, unless the case says otherwise. */
export const LEADER = 0;
export const OTHER = 1;
export const THIRD = 2;

/** Whether each of some messages is confirmed or refused, in the order of the replies. */
export function outcomesOf(channel: ConfirmChannel, queue: string, count: number): ('confirmed' | 'refused')[] {
  const outcomes: ('confirmed' | 'refused')[] = [];
  for (let index = 0; index < count; index += 1)
    channel.publish('', queue, Buffer.from('x'), {}, (error: unknown) =>
      outcomes.push(error === null ? 'confirmed' : 'refused'),
    );
  return outcomes;
}

/** Connections to two nodes, and a new queue with this number of messages, whose leader is on the first one. */
export async function stockedCluster(world: ClusterWorld, messages: number, kind: QueueKind = {}) {
  const { connection, queue } = await stocked(world, messages, kind);
  return { connection, other: await world.connect(OTHER), queue };
}

const ATTEMPTS = 50;

/** Publishes a message on new channels until it is confirmed: there is a leader that the connection's node reaches. */
export async function publishOnceElected(
  world: ClusterWorld,
  connection: ChannelModel,
  queue: string,
  body: number,
): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    const isConfirmed = await publish(await connection.createConfirmChannel(), queue, 1, body).then(
      () => true,
      () => false,
    );
    if (isConfirmed) return;
    if (attempt === ATTEMPTS) throw new Error(`refused ${ATTEMPTS} times`);
    await delay(world.clock, 200);
  }
}
