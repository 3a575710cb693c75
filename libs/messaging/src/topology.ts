import { type Clock, delay, SYSTEM_CLOCK } from '@pdaltagent/clock';
import { type Channel, type ChannelModel } from 'amqplib';
import { hasReply, NoReply, REPLY_TIMEOUT_MS, replyTo } from './reply-timeout';
import { type Log } from './log';

export type QueueType = 'quorum' | 'classic';

/** An exchange with its ordered lanes. The numbers are constants: processes with different ones would split alerts. */
export interface LaneGroup {
  readonly exchange: string;
  readonly lanes: number;
  /** Sidings per lane, on which keys that must wait are parked. */
  readonly sidings: number;
  /**
   * Unacknowledged messages of a lane, and of a siding. A constant: a later consumer with a smaller window would receive
   * them out of order.
   */
  readonly prefetch: number;
  readonly deadLetters: string;
  /** What determines a message's lane: its routing key, or its order key. */
  readonly laneBy: 'routing key' | 'order key';
}

const PREFETCH = 64;

export const EVENTS: LaneGroup = {
  exchange: 'pdaltagent.events',
  lanes: 32,
  sidings: 4,
  prefetch: PREFETCH,
  deadLetters: 'pdaltagent.events.dead-letters',
  laneBy: 'routing key',
};

export const WEBHOOKS: LaneGroup = {
  exchange: 'pdaltagent.webhooks',
  lanes: 16,
  sidings: 2,
  prefetch: PREFETCH,
  deadLetters: 'pdaltagent.webhooks.dead-letters',
  laneBy: 'order key',
};

/** The exchange on which workers announce themselves. */
export const STATUS_EXCHANGE = 'pdaltagent.status';
/** Always empty: workers subscribe to it for a moment to learn whether a majority of the broker's nodes agrees. */
export const PULSE_QUEUE = 'pdaltagent.pulse';
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

/** The routing key of the lane's table of parked keys on its exchange: `07.table`. */
export function tableKey(lane: number): string {
  return `${laneKey(lane)}.table`;
}

export function tableQueue(laneGroup: LaneGroup, lane: number): string {
  return `${laneGroup.exchange}.lane.${tableKey(lane)}`;
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
  /** Undefined if nothing is published to it. */
  readonly binding: { readonly exchange: string; readonly key: string } | undefined;
  readonly arguments: Readonly<Record<string, unknown>>;
}

/**
 * Nodes that can have a replica of the pulse queue: all of a cluster. With RabbitMQ's default of 3 the pulse could lose its majority
 * in a larger cluster whose lanes keep theirs.
 */
const MAX_NODES = 7;

/** Every queue of a lane group. Each process declares all of them. */
export function queuesOf(laneGroup: LaneGroup, type: QueueType): QueueDeclaration[] {
  const lane = (queue: string, key: string): QueueDeclaration => ({
    queue,
    binding: { exchange: laneGroup.exchange, key },
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
    binding: { exchange: DEAD_LETTER_EXCHANGE, key: laneGroup.deadLetters },
    arguments: {
      'x-queue-type': type,
      ...(type === 'quorum' ? { 'x-delivery-limit': DELIVERY_LIMIT } : {}),
    },
  };
  const pulse: QueueDeclaration = {
    queue: PULSE_QUEUE,
    binding: undefined,
    arguments: { 'x-queue-type': type, ...(type === 'quorum' ? { 'x-quorum-initial-group-size': MAX_NODES } : {}) },
  };
  const lanes = Array.from({ length: laneGroup.lanes }, (_, index) => [
    lane(laneQueue(laneGroup, index), laneKey(index)),
    ...Array.from({ length: laneGroup.sidings }, (_unused, siding) =>
      lane(sidingQueue(laneGroup, index, siding), sidingKey(index, siding)),
    ),
    // Last, because versions before did not have it.
    lane(tableQueue(laneGroup, index), tableKey(index)),
  ]);
  return [deadLetters, pulse, ...lanes.flat()];
}

/**
 * RabbitMQ answers the declaration of a quorum queue before its name is safe on disk (3.10: flushed after half a second
 * without another); if it is killed in between, the queue and its messages are lost. So new queues are not used at once.
 */
const NEW_QUEUES_REST_MS = 1_500;

/** For each queue after one that did not answer: the broker answers for most queues at once; milliseconds. */
const NEXT_QUEUE_TIMEOUT_MS = 1_000;

const CLOSE_TIMEOUT_MS = 1_000;

/**
 * Declares a lane group's exchanges, queues and bindings. A lane's queue that does not answer because its process hangs is left
 * as it is, and delays the others only for as long as an answer may take.
 * @throws Error if one exists with other arguments, or if the broker or the dead-letter queue does not answer: without that
 * queue's binding, the broker would drop what a worker rejects
 */
export async function declareTopology(
  connection: ChannelModel,
  laneGroup: LaneGroup,
  type: QueueType,
  { clock = SYSTEM_CLOCK, log }: { readonly clock?: Clock | undefined; readonly log?: Log } = {},
): Promise<void> {
  await onChannel(connection, clock, async (channel) => {
    const declared = [
      channel.assertExchange(laneGroup.exchange, 'direct', { durable: true }),
      channel.assertExchange(DEAD_LETTER_EXCHANGE, 'direct', { durable: true }),
      channel.assertExchange(STATUS_EXCHANGE, 'fanout', { durable: true }),
    ];
    await replyTo(Promise.all(declared), { request: 'exchange.declare', clock });
  });
  const queues = queuesOf(laneGroup, type);
  const areNew = await isMissing(connection, queues.at(-1), clock);
  const withoutReply = await declareQueues(connection, queues, clock);
  if (withoutReply.length > 0) log?.warn('queues did not reply when they were declared', { queues: withoutReply });
  if (!areNew) return;
  await delay(clock, NEW_QUEUES_REST_MS);
  // If the connection was lost meanwhile, another one may be in use by now.
  await onChannel(connection, clock, () => Promise.resolve());
}

/** The names of those that did not answer. A channel answers in order, so those after one are declared on another channel. */
async function declareQueues(
  connection: ChannelModel,
  queues: readonly QueueDeclaration[],
  clock: Clock,
): Promise<readonly string[]> {
  const withoutReply: string[] = [];
  for (let rest = queues; ;) {
    const silent = await firstWithoutReply(
      connection,
      rest,
      clock,
      withoutReply.length > 0 ? NEXT_QUEUE_TIMEOUT_MS : undefined,
    );
    if (silent === undefined) return withoutReply;
    if (silent.binding?.exchange === DEAD_LETTER_EXCHANGE)
      throw new NoReply(`queue.declare ${silent.queue}`, REPLY_TIMEOUT_MS);
    withoutReply.push(silent.queue);
    rest = rest.slice(rest.indexOf(silent) + 1);
  }
}

async function firstWithoutReply(
  connection: ChannelModel,
  queues: readonly QueueDeclaration[],
  clock: Clock,
  timeoutMs?: number,
): Promise<QueueDeclaration | undefined> {
  return onChannel(connection, clock, async (channel) => {
    const declared = queues.map((declaration) => {
      const { queue, binding } = declaration;
      const isBound = Promise.all([
        channel.assertQueue(queue, { durable: true, arguments: declaration.arguments }),
        binding && channel.bindQueue(queue, binding.exchange, binding.key),
      ]);
      // It may be rejected before it is awaited.
      isBound.catch(() => undefined);
      return { declaration, isBound };
    });
    for (const { declaration, isBound } of declared) {
      const request = `queue.declare ${declaration.queue}`;
      if (!(await hasReply(isBound, { request, clock, timeoutMs }))) return declaration;
    }
    return undefined;
  });
}

async function isMissing(
  connection: ChannelModel,
  declaration: QueueDeclaration | undefined,
  clock: Clock,
): Promise<boolean> {
  if (declaration === undefined) return false;
  // Checking a queue that does not exist closes the channel. A queue that does not answer exists.
  return onChannel(connection, clock, (channel) =>
    hasReply(channel.checkQueue(declaration.queue), { request: 'queue.declare', clock }),
  ).then(
    () => false,
    () => true,
  );
}

/** @throws NoReply if the broker does not open a channel in time */
async function onChannel<Result>(
  connection: ChannelModel,
  clock: Clock,
  use: (channel: Channel) => Promise<Result>,
): Promise<Result> {
  const opening = connection.createChannel();
  const channel = await replyTo(opening, { request: 'channel.open', clock }).catch((error: unknown) => {
    opening.then((late) => late.close()).catch(() => undefined);
    throw error;
  });
  channel.on('error', () => undefined);
  try {
    return await use(channel);
  } finally {
    // It does not close while it waits for a queue that does not answer.
    const options = { request: 'channel.close', clock, timeoutMs: CLOSE_TIMEOUT_MS };
    await hasReply(channel.close(), options).catch(() => undefined);
  }
}
