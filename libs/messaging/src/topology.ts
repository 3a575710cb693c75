import { type Clock, delay, SYSTEM_CLOCK } from '@pdaltagent/clock';
import { type Channel, type ChannelModel } from 'amqplib';

export type QueueType = 'quorum' | 'classic';

/** An exchange with its ordered lanes. The numbers are constants: processes with different ones would split alerts. */
export interface LaneGroup {
  readonly exchange: string;
  readonly lanes: number;
  /** Sidings per lane, on which keys that must wait are parked. */
  readonly sidings: number;
  readonly deadLetters: string;
  /** What determines a message's lane: its routing key, or its order key. */
  readonly laneBy: 'routing key' | 'order key';
}

export const EVENTS: LaneGroup = {
  exchange: 'pdaltagent.events',
  lanes: 32,
  sidings: 4,
  deadLetters: 'pdaltagent.events.dead-letters',
  laneBy: 'routing key',
};

export const WEBHOOKS: LaneGroup = {
  exchange: 'pdaltagent.webhooks',
  lanes: 16,
  sidings: 2,
  deadLetters: 'pdaltagent.webhooks.dead-letters',
  laneBy: 'order key',
};

/** The exchange on which workers announce themselves. */
export const STATUS_EXCHANGE = 'pdaltagent.status';
/**
 * The exchange for messages that cannot be delivered; the routing key is the name of the lane group's dead-letter
 * queue.
 */
export const DEAD_LETTER_EXCHANGE = 'pdaltagent.dead-letters';

/** Never reached, but set: without a limit RabbitMQ 3.10 puts a requeued message at the end of its queue. */
const DELIVERY_LIMIT = 1_000_000;

/** The lane's routing key on its exchange: `07`. */
export function laneKey(lane: number): string {
  return String(lane).padStart(2, '0');
}

/** The siding's routing key on its exchange: `07.siding.2`. */
export function sidingKey(lane: number, siding: number): string {
  return `${laneKey(lane)}.siding.${siding}`;
}

export function laneQueue(laneGroup: LaneGroup, lane: number): string {
  return `${laneGroup.exchange}.lane.${laneKey(lane)}`;
}

export function sidingQueue(laneGroup: LaneGroup, lane: number, siding: number): string {
  return `${laneGroup.exchange}.lane.${sidingKey(lane, siding)}`;
}

/** The lane of a key, the same in every process and version: FNV-1a (32 bits) of its UTF-8 bytes. */
export function laneOf(laneGroup: Pick<LaneGroup, 'lanes'>, key: string): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(key, 'utf8')) hash = Math.imul(hash ^ byte, 0x01000193);
  return (hash >>> 0) % laneGroup.lanes;
}

/** The lane of a message: by the routing key of an event, by the destination and incident of a webhook. */
export function laneOfMessage(
  laneGroup: LaneGroup,
  message: { readonly routingKey: string; readonly orderKey: string },
): number {
  return laneOf(laneGroup, laneGroup.laneBy === 'routing key' ? message.routingKey : message.orderKey);
}

interface QueueDeclaration {
  readonly queue: string;
  readonly exchange: string;
  readonly bindingKey: string;
  readonly arguments: Readonly<Record<string, unknown>>;
}

/** Every queue of a lane group. Each process declares all of them. */
export function queuesOf(laneGroup: LaneGroup, type: QueueType): QueueDeclaration[] {
  const lane = (queue: string, bindingKey: string): QueueDeclaration => ({
    queue,
    exchange: laneGroup.exchange,
    bindingKey,
    arguments: {
      'x-queue-type': type,
      'x-single-active-consumer': true,
      'x-dead-letter-exchange': DEAD_LETTER_EXCHANGE,
      'x-dead-letter-routing-key': laneGroup.deadLetters,
      // Classic queues requeue a message in its original place and have no limit.
      ...(type === 'quorum' ? { 'x-delivery-limit': DELIVERY_LIMIT } : {}),
    },
  });
  const deadLetters: QueueDeclaration = {
    queue: laneGroup.deadLetters,
    exchange: DEAD_LETTER_EXCHANGE,
    bindingKey: laneGroup.deadLetters,
    arguments: {
      'x-queue-type': type,
      ...(type === 'quorum' ? { 'x-delivery-limit': DELIVERY_LIMIT } : {}),
    },
  };
  const lanes = Array.from({ length: laneGroup.lanes }, (_, index) => [
    lane(laneQueue(laneGroup, index), laneKey(index)),
    ...Array.from({ length: laneGroup.sidings }, (_unused, siding) =>
      lane(sidingQueue(laneGroup, index, siding), sidingKey(index, siding)),
    ),
  ]);
  return [deadLetters, ...lanes.flat()];
}

/**
 * RabbitMQ answers the declaration of a quorum queue before its name is safe on disk (3.10: flushed after half a second
 * without another); if it is killed in between, the queue and its messages are lost. So new queues are not used at once.
 */
const NEW_QUEUES_REST_MS = 1_500;

/** Declares a lane group's exchanges, queues and bindings; rejects if one exists with other arguments. */
export async function declareTopology(
  connection: ChannelModel,
  laneGroup: LaneGroup,
  type: QueueType,
  clock: Clock = SYSTEM_CLOCK,
): Promise<void> {
  const queues = queuesOf(laneGroup, type);
  const areNew = !(await exists(connection, queues.at(-1)));
  await onChannel(connection, async (channel) => {
    const exchanges = [
      channel.assertExchange(laneGroup.exchange, 'direct', { durable: true }),
      channel.assertExchange(DEAD_LETTER_EXCHANGE, 'direct', { durable: true }),
      channel.assertExchange(STATUS_EXCHANGE, 'fanout', { durable: true }),
    ];
    const bound = queues.flatMap((declaration) => [
      channel.assertQueue(declaration.queue, { durable: true, arguments: declaration.arguments }),
      channel.bindQueue(declaration.queue, declaration.exchange, declaration.bindingKey),
    ]);
    await Promise.all([...exchanges, ...bound]);
  });
  if (!areNew) return;
  await delay(clock, NEW_QUEUES_REST_MS);
  // If the connection was lost meanwhile, another one may be in use by now.
  await onChannel(connection, () => Promise.resolve());
}

async function exists(connection: ChannelModel, declaration: QueueDeclaration | undefined): Promise<boolean> {
  if (declaration === undefined) return true;
  // Checking a queue that does not exist closes the channel.
  return onChannel(connection, (channel) => channel.checkQueue(declaration.queue)).then(
    () => true,
    () => false,
  );
}

async function onChannel<Result>(
  connection: ChannelModel,
  use: (channel: Channel) => Promise<Result>,
): Promise<Result> {
  const channel = await connection.createChannel();
  channel.on('error', () => undefined);
  const result = await use(channel);
  await channel.close();
  return result;
}
