import { type Clock, delay, SYSTEM_CLOCK } from '@pdaltagent/clock';
import { type Channel, type ChannelModel } from 'amqplib';
import { accessRefusalIn } from './access-refused';
import { hasReplyCode, NOT_FOUND } from './connect';
import { type Log } from './log';
import { hasReply, NoReply, REPLY_TIMEOUT_MS, replyTo } from './reply-timeout';
import { exchangesOf, type LaneGroup, type QueueDeclaration, queuesOf, type QueueType } from './topology';

/** Whether a process declares what it needs, or only checks that it exists: `pdaltagent setup` has declared it. */
export type TopologyMode = 'declare' | 'check';

/**
 * RabbitMQ answers the declaration of a quorum queue before its name is safe on disk (3.10: flushed after half a second
 * without another); if it is killed in between, the queue and its messages are lost. So new queues are not used at once.
 */
const NEW_QUEUES_REST_MS = 1_500;

/** For each queue after one that did not answer: the broker answers for most queues at once; milliseconds. */
const NEXT_QUEUE_TIMEOUT_MS = 1_000;

const CLOSE_TIMEOUT_MS = 1_000;

export interface DeclareOptions {
  readonly clock?: Clock | undefined;
  readonly log?: Log | undefined;
  readonly mode?: TopologyMode | undefined;
  /** Whether versions before, which publish to sidings and tables through the exchange of the lanes, can still do so. */
  readonly hasFormerBindings?: boolean;
}

/** An exchange or a queue does not exist, and this process does not declare it. */
export class TopologyMissing extends Error {
  constructor(what: string) {
    super(`RabbitMQ has ${what}: \`pdaltagent setup\` declares it`);
    this.name = 'TopologyMissing';
  }
}

/**
 * Declares a lane group's exchanges, queues and bindings. A lane's queue that does not answer because its process hangs is left
 * as it is, and delays the others only for as long as an answer may take. If the user may not declare, or in the mode `check`, only
 * checks that exchanges and queues exist; AMQP cannot check bindings.
 * @returns which of the two was done
 * @throws Error if one exists with other arguments, or if the broker or the dead-letter queue does not answer: without that
 * queue's binding, the broker would drop what a worker rejects; TopologyMissing
 */
export async function declareTopology(
  connection: ChannelModel,
  laneGroup: LaneGroup,
  type: QueueType,
  { clock = SYSTEM_CLOCK, log, mode = 'declare', hasFormerBindings = true }: DeclareOptions = {},
): Promise<'declared' | 'checked'> {
  const queues = queuesOf(laneGroup, type);
  if (mode === 'declare') {
    try {
      await declare(connection, laneGroup, queues, { clock, log, hasFormerBindings });
      return 'declared';
    } catch (error) {
      if (accessRefusalIn(error)?.permission !== 'configure') throw error;
    }
  }
  await check(connection, laneGroup, queues, clock, log).catch((error: unknown) => {
    throw hasReplyCode(error, NOT_FOUND) ? new TopologyMissing(missingIn(error)) : error;
  });
  return 'checked';
}

async function declare(
  connection: ChannelModel,
  laneGroup: LaneGroup,
  queues: readonly QueueDeclaration[],
  {
    clock,
    log,
    hasFormerBindings,
  }: { readonly clock: Clock; readonly log: Log | undefined; readonly hasFormerBindings: boolean },
): Promise<void> {
  await onChannel(connection, clock, async (channel) => {
    const declared = exchangesOf(laneGroup).map(([name, type]) =>
      channel.assertExchange(name, type, { durable: true }),
    );
    await replyTo(Promise.all(declared), { request: 'exchange.declare', clock });
  });
  const areNew = await isMissing(connection, queues.at(-1), clock);
  const withoutReply = await eachQueue(connection, queues, clock, (channel, declaration) => {
    const { queue, binding, brokersBinding, formerBinding } = declaration;
    const bindings = [binding, brokersBinding, hasFormerBindings ? formerBinding : undefined].filter(
      (each) => each !== undefined,
    );
    return [
      channel.assertQueue(queue, { durable: true, arguments: declaration.arguments }),
      ...bindings.map(({ exchange, key }) => channel.bindQueue(queue, exchange, key)),
    ];
  });
  if (withoutReply.length > 0) log?.warn('queues did not reply when they were declared', { queues: withoutReply });
  if (!areNew) return;
  await delay(clock, NEW_QUEUES_REST_MS);
  // If the connection was lost meanwhile, another one may be in use by now.
  await onChannel(connection, clock, () => Promise.resolve());
}

async function check(
  connection: ChannelModel,
  laneGroup: LaneGroup,
  queues: readonly QueueDeclaration[],
  clock: Clock,
  log: Log | undefined,
): Promise<void> {
  await onChannel(connection, clock, async (channel) => {
    const checked = exchangesOf(laneGroup).map(([name]) => channel.checkExchange(name));
    await replyTo(Promise.all(checked), { request: 'exchange.declare', clock });
  });
  const withoutReply = await eachQueue(connection, queues, clock, (channel, { queue }) => [channel.checkQueue(queue)]);
  if (withoutReply.length > 0) log?.warn('queues did not reply when they were checked', { queues: withoutReply });
}

/** RabbitMQ's own words. */
function missingIn(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return /no (?:queue|exchange) '[^']*' in vhost '[^']*'/.exec(text)?.[0] ?? text;
}

type QueueRequest = (channel: Channel, declaration: QueueDeclaration) => readonly PromiseLike<unknown>[];

/** The names of those that did not answer. A channel answers in order, so those after one are declared on another channel. */
async function eachQueue(
  connection: ChannelModel,
  queues: readonly QueueDeclaration[],
  clock: Clock,
  request: QueueRequest,
): Promise<readonly string[]> {
  const withoutReply: string[] = [];
  for (let rest = queues; ;) {
    const silent = await firstWithoutReply(
      connection,
      rest,
      clock,
      request,
      withoutReply.length > 0 ? NEXT_QUEUE_TIMEOUT_MS : undefined,
    );
    if (silent === undefined) return withoutReply;
    if (silent.brokersBinding !== undefined) throw new NoReply(`queue.declare ${silent.queue}`, REPLY_TIMEOUT_MS);
    withoutReply.push(silent.queue);
    rest = rest.slice(rest.indexOf(silent) + 1);
  }
}

async function firstWithoutReply(
  connection: ChannelModel,
  queues: readonly QueueDeclaration[],
  clock: Clock,
  request: QueueRequest,
  timeoutMs?: number,
): Promise<QueueDeclaration | undefined> {
  return onChannel(connection, clock, async (channel) => {
    const requested = queues.map((declaration) => {
      const isDone = Promise.all(request(channel, declaration));
      // It may be rejected before it is awaited.
      isDone.catch(() => undefined);
      return { declaration, isDone };
    });
    for (const { declaration, isDone } of requested) {
      const named = `queue.declare ${declaration.queue}`;
      if (!(await hasReply(isDone, { request: named, clock, timeoutMs }))) return declaration;
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

/**
 * Removes the bindings through which versions before publish to sidings and tables, so that who may only write to the lanes cannot. Not
 * while one of their workers runs: it declares them again.
 */
export async function removeFormerBindings(
  connection: ChannelModel,
  laneGroup: LaneGroup,
  type: QueueType,
  clock: Clock = SYSTEM_CLOCK,
): Promise<void> {
  await onChannel(connection, clock, async (channel) => {
    const removed = queuesOf(laneGroup, type).flatMap(({ queue, formerBinding }) =>
      formerBinding === undefined ? [] : [channel.unbindQueue(queue, formerBinding.exchange, formerBinding.key)],
    );
    await replyTo(Promise.all(removed), { request: 'queue.unbind', clock });
  });
}
