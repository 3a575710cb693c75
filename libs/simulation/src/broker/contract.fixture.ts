import { delay } from '@pdaltagent/clock';
import { type Channel, type ChannelModel, type ConfirmChannel, type ConsumeMessage } from 'amqplib';
import { type ContractWorld } from './contract-world.fixture';

export type ContractCase<World extends ContractWorld = ContractWorld> = readonly [
  behaviour: string,
  test: (world: World) => Promise<void>,
];

/** Runs cases with real servers. The simulated broker runs all of them in its unit tests (`simulated-broker.test.ts`). */
export function describeContract<World extends ContractWorld>(
  servers: string,
  start: () => Promise<World>,
  cases: readonly ContractCase<World>[],
  timeoutMs?: number,
): void {
  describe(servers, () => {
    let world: World;
    beforeAll(async () => {
      world = await start();
    });
    afterAll(() => world.stop());

    it.each(cases)('%s', (_behaviour, test) => world.run(() => test(world)), timeoutMs);
  });
}

const TIMEOUT_MS = 20_000;
/** Long enough for everything that is not held back. */
export const QUIET_MS = 700;

/** Resolves once the condition holds. */
export async function until(
  world: ContractWorld,
  what: string,
  condition: () => boolean,
  timeoutMs = TIMEOUT_MS,
): Promise<void> {
  const deadline = world.clock.monotonic() + timeoutMs;
  while (!condition()) {
    if (world.clock.monotonic() > deadline) throw new Error(`waited ${timeoutMs} ms for ${what}`);
    await delay(world.clock, 20);
  }
}

/** Whether the promise is fulfilled within the time that everything takes that is not held back. */
export async function isSettled(world: ContractWorld, reply: Promise<unknown>): Promise<boolean> {
  return Promise.race([reply.then(() => true), delay(world.clock, QUIET_MS).then(() => false)]);
}

/** Whether the queue has a single active consumer, and a delivery limit: as lanes have them, unless a case says otherwise. */
export interface QueueKind {
  readonly isLane?: boolean;
  readonly hasDeliveryLimit?: boolean;
}

/** Declares a quorum queue. */
export async function declareQueue(
  world: ContractWorld,
  connection: ChannelModel,
  { isLane = true, hasDeliveryLimit = true }: QueueKind = {},
): Promise<string> {
  const channel = await connection.createChannel();
  const name = world.newQueueName();
  await channel.assertQueue(name, {
    durable: true,
    arguments: {
      'x-queue-type': 'quorum',
      ...(isLane ? { 'x-single-active-consumer': true } : {}),
      ...(hasDeliveryLimit ? { 'x-delivery-limit': 1_000_000 } : {}),
    },
  });
  await channel.close();
  return name;
}

/** A connection, and a new queue with this number of messages. */
export async function stocked(
  world: ContractWorld,
  messages: number,
  kind: QueueKind = {},
): Promise<{ readonly connection: ChannelModel; readonly queue: string }> {
  const connection = await world.connect();
  const queue = await declareQueue(world, connection, kind);
  await publish(await connection.createConfirmChannel(), queue, messages);
  return { connection, queue };
}

/** A channel, and two new queues. */
export async function twoQueues(world: ContractWorld) {
  const connection = await world.connect();
  const [stalled, healthy] = [await declareQueue(world, connection), await declareQueue(world, connection)];
  return { connection, channel: await connection.createConfirmChannel(), stalled, healthy };
}

/** Publishes bodies from `first` on, all at once; resolves once all are confirmed. */
export async function publish(channel: ConfirmChannel, queue: string, count: number, first = 0): Promise<void> {
  const confirms = Array.from(
    { length: count },
    (_, index) =>
      new Promise<void>((resolve, reject) =>
        channel.publish('', queue, Buffer.from(String(first + index)), { mandatory: true }, (error: unknown) =>
          error instanceof Error ? reject(error) : resolve(),
        ),
      ),
  );
  await Promise.all(confirms);
}

export interface Consumed {
  readonly deliveries: ConsumeMessage[];
  /** The bodies, as numbers. */
  numbers(): number[];
}

export async function consume(channel: Channel, queue: string, prefetch = 0): Promise<Consumed> {
  const deliveries: ConsumeMessage[] = [];
  await channel.prefetch(prefetch);
  await channel.consume(queue, (delivery) => delivery && void deliveries.push(delivery));
  return { deliveries, numbers: () => deliveries.map(({ content }) => Number(content.toString())) };
}

const END = -1;

/** What is in a lane once the consumers before have left: what is in front of a message that is published now. */
export async function remaining(world: ContractWorld, queue: string): Promise<number[]> {
  const connection = await world.connect();
  await publish(await connection.createConfirmChannel(), queue, 1, END);
  const consumed = await consume(await connection.createChannel(), queue);
  await until(world, 'the last message', () => consumed.numbers().includes(END));
  await connection.close();
  return consumed.numbers().filter((number) => number !== END);
}

export const range = (first: number, end: number): number[] =>
  Array.from({ length: end - first }, (_, index) => first + index);

/** What the broker said when it closed a channel. */
export function closureOf(channel: Channel): { code?: unknown; isClosed: boolean } {
  const closure: { code?: unknown; isClosed: boolean } = { isClosed: false };
  channel.on('error', (error: Error & { readonly code?: unknown }) => (closure.code = error.code));
  channel.on('close', () => (closure.isClosed = true));
  return closure;
}

const SOON_MS = 10_000;
/** Channels wait 65 s for a queue: longer than the one, shorter than the other; ms. */
export const [WAIT_MS, OVERDUE_MS] = [60_000, 75_000];

/**
 * Prepares a request on a connection of its own. The result sends it, and resolves with `answered`, or with the code with
 * which the broker closed the connection, and when.
 */
export async function attempt(
  world: ContractWorld,
  request: (channel: Channel) => Promise<unknown>,
  node?: number,
): Promise<() => Promise<string>> {
  const connection = await world.connect(node);
  const failure: { code?: unknown } = {};
  connection.on('error', (error: Error & { readonly code?: unknown }) => (failure.code = error.code));
  const channel = await connection.createChannel();
  channel.on('error', () => undefined);
  return async () => {
    const before = world.clock.monotonic();
    const isAnswered = await request(channel).then(
      () => true,
      () => false,
    );
    const ms = world.clock.monotonic() - before;
    if (isAnswered) return 'answered';
    return `${String(failure.code)} ${ms < SOON_MS ? 'at once' : ms > WAIT_MS ? 'after 65 s' : `after ${ms} ms`}`;
  };
}

/** Subscribes, and sends the end of the subscription as the request. */
export async function attemptCancel(
  world: ContractWorld,
  queue: string,
  node?: number,
): Promise<() => Promise<string>> {
  const subscription: { tag?: string } = {};
  const start = await attempt(
    world,
    async (channel) => {
      if (subscription.tag !== undefined) return channel.cancel(subscription.tag);
      subscription.tag = (await channel.consume(queue, () => undefined)).consumerTag;
    },
    node,
  );
  await start();
  return start;
}

/** Sends the requests at the same time. */
export const results = (attempts: readonly (() => Promise<string>)[]): Promise<string[]> =>
  Promise.all(attempts.map((start) => start()));
