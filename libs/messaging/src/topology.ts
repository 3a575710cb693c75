import { type Clock, delay, SYSTEM_CLOCK } from '@pdaltagent/clock';
import { type Channel, type ChannelModel } from 'amqplib';

export type QueueType = 'quorum' | 'classic';

/** An exchange with its ordered lanes. The counts are constants: two counts at once would split alerts. */
export interface LaneGroup {
  readonly exchange: string;
  readonly lanes: number;
  /** Sidings of each lane: where a key that must wait is set aside. */
  readonly sidings: number;
  readonly deadLetters: string;
  /** What chooses a message's lane: all of a routing key on one lane, or each order key on a lane of its own choice. */
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

/** Where workers announce themselves to each other. */
export const STATUS_EXCHANGE = 'pdaltagent.status';
/** Where messages go that no repetition mends; its routing key is the name of the family's dead-letter queue. */
export const DEAD_LETTER_EXCHANGE = 'pdaltagent.dead-letters';

/** So high that it is never met, yet set: without a limit RabbitMQ 3.10 puts a returned message at the end of its queue. */
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

/** The lane of a key, the same in every process and for ever: FNV-1a (32 bits) of its UTF-8 bytes. */
export function laneOf(laneGroup: Pick<LaneGroup, 'lanes'>, key: string): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(key, 'utf8')) hash = Math.imul(hash ^ byte, 0x01000193);
  return (hash >>> 0) % laneGroup.lanes;
}

/** The lane of a message: of an event by its routing key, of a webhook by its destination and incident. */
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

/** Every queue of a family, as one pure list. Declared by whoever comes first, and again by everyone. */
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
      // Classic queues return a message to its old place by themselves and know no limit.
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
 * without another); a kill in between costs the queue and what it holds. So new queues rest before they are used.
 */
const NEW_QUEUES_REST_MS = 1_500;

/** Declares a family's exchanges, queues and bindings; rejects where the broker holds one with other arguments. */
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
  // Asking for a queue that is not there costs the channel.
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
