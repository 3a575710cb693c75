import { type DeadLetter, EVENTS, laneOf, laneQueue } from '@pdaltagent/messaging';
import { FaultProxy, waitUntil } from '@pdaltagent/testing';
import { BrokerClient, BrokerUnavailable } from './broker-client';
import { DeadLetterQueue } from './dead-letter-queue';
import { declareAll, message, ROUTING_KEY, writeDeadLetters } from './dead-letters.fixture';

/**
 * A broker whose dead-letter queue, and the lane of ROUTING_KEY, are empty before each test; clients are closed after
 * it.
 */
export class DeadLetterQueueBench {
  readonly #clients: BrokerClient[] = [];
  #url = '';

  /** To be called at the top level of a test file: sets up every test in it. */
  static prepare(servers: () => Promise<{ readonly amqpUrl: string }>): DeadLetterQueueBench {
    const bench = new DeadLetterQueueBench();
    beforeAll(async () => {
      ({ amqpUrl: bench.#url } = await servers());
    });
    beforeEach(async () => {
      await declareAll(bench.url);
      const channel = await (await bench.client()).channel();
      for (const queue of [EVENTS.deadLetters, laneQueue(EVENTS, laneOf(EVENTS, ROUTING_KEY))])
        await channel.purgeQueue(queue);
    });
    afterEach(() => bench.close());
    return bench;
  }

  get url(): string {
    return this.#url;
  }

  async client(to = this.#url): Promise<BrokerClient> {
    const opened = await BrokerClient.open({ url: to, name: 'test' });
    this.#clients.push(opened);
    return opened;
  }

  /** Closes every client; may be called before a test ends. */
  async close(): Promise<void> {
    await Promise.all(this.#clients.splice(0).map((open) => open.close()));
  }
}

export const numberedIds = (count: number) => Array.from({ length: count }, (_, index) => `m${index}`);

export async function deadLettersIn(queue: DeadLetterQueue): Promise<DeadLetter[]> {
  const deadLetters: DeadLetter[] = [];
  await queue.visitAll(({ deadLetter }) => deadLetters.push(deadLetter));
  return deadLetters;
}

export const idsIn = async (queue: DeadLetterQueue) => (await deadLettersIn(queue)).map(({ id }) => id);

/** RabbitMQ takes minutes to return tens of thousands of messages to a queue on a busy machine; ms. */
const RETURN_MS = 400_000;

/** Interrupts a visit of that number of dead letters, and expects the next one to find all of them in their order. */
export async function expectOrderAfterInterruption(bench: DeadLetterQueueBench, count: number): Promise<void> {
  const all = numberedIds(count);
  await writeDeadLetters(
    bench.url,
    all.map((id) => message(id, 'a', '{}')),
  );
  const proxy = await FaultProxy.start(bench.url);
  const first = await bench.client(proxy.url(bench.url));
  const queue = await DeadLetterQueue.open(first, EVENTS);
  expect(await idsIn(queue)).toEqual(all);
  let seen = 0;
  const cut = queue.visitAll(() => {
    if ((seen += 1) === 100) void proxy.inject({ kind: 'down' });
  });
  await expect(cut).rejects.toThrow(BrokerUnavailable);
  await proxy.stop();
  const second = await bench.client();
  const again = await waitUntil(() => DeadLetterQueue.open(second, EVENTS), {
    what: 'the queue to be released',
    timeoutMs: RETURN_MS,
  });
  // Until it has returned them, it may report that there are none.
  await waitUntil(async () => (await again.count()) === all.length, {
    what: 'them to be back',
    timeoutMs: RETURN_MS,
  });
  expect(await idsIn(again)).toEqual(all);
}
