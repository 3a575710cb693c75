import { type Clock } from '@pdaltagent/clock';
import { accessRefusalIn, hasReplyCode, JOURNAL, replyTo, type TopologyMode } from '@pdaltagent/messaging';
import { type Channel, type ChannelModel } from 'amqplib';

/** AMQP 0-9-1, "reply codes". */
const NOT_FOUND = 404;
const PRECONDITION_FAILED = 406;
/** RabbitMQ deletes whole segments only. */
const SEGMENT_BYTES = 16_000_000;

/** What the stream keeps. */
export interface JournalLimits {
  readonly maximumAgeSeconds: number;
  readonly maximumBytes: number;
}

export interface DeclareStreamOptions {
  readonly limits: JournalLimits;
  readonly mode: TopologyMode;
  /** The stream may exist without being bound to the exchange. */
  readonly isUnbound: boolean;
  readonly clock: Clock;
}

/** The exchange or the stream does not exist, and this process does not declare it. */
export class StreamMissing extends Error {
  constructor() {
    super(`RabbitMQ has no exchange or no stream '${JOURNAL}': \`pdaltagent setup\` declares them`);
    this.name = 'StreamMissing';
  }
}

/**
 * Declares what is missing of the journal's exchange, its stream and its binding. What exists is used as it is, with the limits that
 * it has: a declaration with others would be refused.
 * @throws Error if the broker does not answer or refuses, for example because it has no streams; StreamMissing
 */
export async function declareStream(
  connection: ChannelModel,
  { limits, mode, isUnbound, clock }: DeclareStreamOptions,
): Promise<void> {
  const hasExchange = await exists(connection, clock, (channel) => channel.checkExchange(JOURNAL));
  const hasStream = await exists(connection, clock, (channel) => channel.checkQueue(JOURNAL));
  if (hasExchange && hasStream && !isUnbound) return;
  if (mode === 'check') {
    if (hasExchange && hasStream) return;
    throw new StreamMissing();
  }
  try {
    if (!hasStream) await declareQueue(connection, limits, clock);
    await onChannel(connection, clock, async (channel) => {
      if (!hasExchange) await channel.assertExchange(JOURNAL, 'fanout', { durable: true });
      await channel.bindQueue(JOURNAL, JOURNAL, '');
    });
  } catch (error) {
    // It need not be able to: the process that declares the journal binds it, too.
    if (accessRefusalIn(error) === undefined) throw error;
    if (!hasExchange || !hasStream) throw error;
  }
}

async function declareQueue(connection: ChannelModel, limits: JournalLimits, clock: Clock): Promise<void> {
  const declared = {
    'x-queue-type': 'stream',
    'x-max-age': `${limits.maximumAgeSeconds}s`,
    'x-max-length-bytes': limits.maximumBytes,
    'x-stream-max-segment-size-bytes': SEGMENT_BYTES,
  };
  await onChannel(connection, clock, (channel) =>
    channel.assertQueue(JOURNAL, { durable: true, arguments: declared }),
  ).catch(async (error: unknown) => {
    // Another process with other limits was faster.
    if (!hasReplyCode(error, PRECONDITION_FAILED)) throw error;
    if (!(await exists(connection, clock, (channel) => channel.checkQueue(JOURNAL)))) throw error;
  });
}

async function exists(
  connection: ChannelModel,
  clock: Clock,
  check: (channel: Channel) => PromiseLike<unknown>,
): Promise<boolean> {
  try {
    await onChannel(connection, clock, check);
    return true;
  } catch (error) {
    if (hasReplyCode(error, NOT_FOUND)) return false;
    throw error;
  }
}

/** The broker closes a channel on which it refuses something. @throws NoReply if the broker does not answer in time */
async function onChannel(
  connection: ChannelModel,
  clock: Clock,
  use: (channel: Channel) => PromiseLike<unknown>,
): Promise<void> {
  const opening = connection.createChannel();
  // It may be answered, or fail, after the time.
  opening.catch(() => undefined);
  const channel = await replyTo(opening, { request: 'channel.open', clock });
  channel.on('error', () => undefined);
  try {
    await replyTo(Promise.resolve(use(channel)), { request: 'queue.declare', clock });
  } finally {
    channel.close().catch(() => undefined);
  }
}
