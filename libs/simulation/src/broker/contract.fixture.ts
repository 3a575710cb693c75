import { delay } from '@pdaltagent/clock';
import { type Channel, type ChannelModel, type ConfirmChannel, type ConsumeMessage } from 'amqplib';
import { type ContractWorld } from './contract-world.fixture';

export type ContractCase = readonly [behaviour: string, test: (world: ContractWorld) => Promise<void>];

const TIMEOUT_MS = 20_000;
/** Long enough for everything that is not held back. */
export const QUIET_MS = 700;

/** Resolves once the condition holds. */
export async function until(world: ContractWorld, what: string, condition: () => boolean): Promise<void> {
  const deadline = world.clock.monotonic() + TIMEOUT_MS;
  while (!condition()) {
    if (world.clock.monotonic() > deadline) throw new Error(`waited ${TIMEOUT_MS} ms for ${what}`);
    await delay(world.clock, 20);
  }
}

/** Whether the promise is fulfilled within the time that everything takes that is not held back. */
export async function isSettled(world: ContractWorld, reply: Promise<unknown>): Promise<boolean> {
  return Promise.race([reply.then(() => true), delay(world.clock, QUIET_MS).then(() => false)]);
}

/** Declares a queue with the arguments of a lane, or without a delivery limit. */
export async function declareLane(
  world: ContractWorld,
  connection: ChannelModel,
  { hasDeliveryLimit = true } = {},
): Promise<string> {
  const channel = await connection.createChannel();
  const name = world.newQueueName();
  await channel.assertQueue(name, {
    durable: true,
    arguments: {
      'x-queue-type': 'quorum',
      'x-single-active-consumer': true,
      ...(hasDeliveryLimit ? { 'x-delivery-limit': 1_000_000 } : {}),
    },
  });
  await channel.close();
  return name;
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
