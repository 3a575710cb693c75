import { EVENTS, laneOf, laneQueue } from '@pdaltagent/messaging';
import { FaultProxy, testServers } from '@pdaltagent/testing';
import { type ConsumeMessage } from 'amqplib';
import { message, ROUTING_KEY, writeDeadLetters } from './dead-letters.fixture';
import { byDeadAt, replay, replayItemOf, type ReplayOptions } from './replay';
import { Sender } from './sender';
import { DeadLetterQueue } from './dead-letter-queue';
import { DeadLetterQueueBench, deadLettersIn, idsIn, numberedIds } from './dead-letter-queue.fixture';

const bench = DeadLetterQueueBench.prepare(testServers);

/** The messages in the lane of ROUTING_KEY; they stay there, unacknowledged. */
async function lane(): Promise<ConsumeMessage[]> {
  const channel = await (await bench.client()).channel();
  const queue = laneQueue(EVENTS, laneOf(EVENTS, ROUTING_KEY));
  const { messageCount } = await channel.checkQueue(queue);
  const found: ConsumeMessage[] = [];
  if (messageCount === 0) return found;
  await new Promise<void>((resolve) => {
    void channel.consume(queue, (delivery) => {
      if (delivery !== null) found.push(delivery);
      if (found.length === messageCount) resolve();
    });
  });
  return found;
}
const idsInLane = async () => (await lane()).map(({ properties }) => String(properties.messageId));

/** Ids in the dead-letter queue once every other connection is closed. */
async function left(): Promise<string[]> {
  await bench.close();
  return idsIn(await DeadLetterQueue.open(await bench.client(), EVENTS));
}

/** Replays these dead letters, with the given options. */
async function play(ids: readonly string[], options: Partial<ReplayOptions> = {}): Promise<number> {
  const queue = await DeadLetterQueue.open(await bench.client(), EVENTS);
  const deadLetters = await deadLettersIn(queue);
  const items = byDeadAt(deadLetters.filter(({ id }) => ids.includes(id)).map(replayItemOf));
  return replay({ queue, sender: await Sender.open(await bench.client()), laneGroup: EVENTS, items, ...options });
}

describe('a replay', () => {
  it('publishes the selected dead letters to their lane in order, unchanged except for their age, and keeps the others', async () => {
    await writeDeadLetters(
      bench.url,
      numberedIds(6).map((id) => message(id, 'a')),
    );
    const before = Date.now();
    expect(await play(['m1', 'm2', 'm4'])).toBe(3);
    const sent = await lane();
    expect(sent.map(({ properties }) => String(properties.messageId))).toEqual(['m1', 'm2', 'm4']);
    const [first] = sent;
    expect(first?.content.toString()).toBe('{"dedup_key":"a"}');
    expect(first?.properties).toMatchObject({ type: 'v2', contentType: 'application/json', deliveryMode: 2 });
    expect(first?.properties.headers).toEqual({
      routing_key: ROUTING_KEY,
      order_key: `${ROUTING_KEY}:a`,
      received_at: expect.any(Number) as number,
      original_received_at: 1_700_000_000_000,
      again: true,
      forward: { 'x-vendor': 'one' },
    });
    expect(first?.properties.headers?.received_at).toBeGreaterThanOrEqual(before);
    expect(await left()).toEqual(['m0', 'm3', 'm5']);
  });

  it('counts what it published, even if it can no longer remove it', async () => {
    await writeDeadLetters(bench.url, [message('m0', 'a'), message('m1', 'b')]);
    const queue = await DeadLetterQueue.open(await bench.client(), EVENTS);
    const items = (await deadLettersIn(queue)).map(replayItemOf);
    const sender = await Sender.open(await bench.client());
    const visitAll = queue.visitAll.bind(queue);
    jest.spyOn(queue, 'visitAll').mockImplementation((visit, act) => {
      const remove = (): void => {
        throw new Error('the channel is closed');
      };
      return visitAll(visit, act && (() => act({ remove })));
    });
    const replayed: string[] = [];
    const progress = (_count: number, id: string) => replayed.push(id);
    const replaying = replay({ queue, sender, laneGroup: EVENTS, items, onProgress: progress });
    await expect(replaying).rejects.toThrow('the channel is closed');
    expect((await idsInLane()).sort()).toEqual(replayed.sort());
    expect(replayed.length).toBeGreaterThan(0);
    jest.restoreAllMocks();
  });

  it('of hundreds leaves none of them, so that a second replay finds nothing to send', async () => {
    const all = numberedIds(500);
    await writeDeadLetters(
      bench.url,
      all.map((id, index) => message(id, `a${index % 250}`)),
    );
    expect(await play(all)).toBe(500);
    expect(await left()).toEqual([]);
  });

  it('is in order of death even if the queue was reordered', async () => {
    const deadLetters = ['resolve', 'trigger'].map((id) => message(id, 'a'));
    await writeDeadLetters(bench.url, deadLetters, (index) => ({ dead_reason: 'poison', dead_at: 2 - index }));
    await play(['resolve', 'trigger']);
    expect(await idsInLane()).toEqual(['trigger', 'resolve']);
  });

  it('publishes a dead letter that a crash duplicated only once, and removes both copies', async () => {
    await writeDeadLetters(bench.url, [message('m0'), message('m1'), message('m0')]);
    expect(await play(['m0', 'm1'])).toBe(2);
    expect(await idsInLane()).toEqual(['m0', 'm1']);
    expect(await left()).toEqual([]);
  });

  it('keeps no more in memory than allowed, and still keeps the order', async () => {
    const all = numberedIds(9);
    await writeDeadLetters(
      bench.url,
      all.map((id) => message(id, 'a', 'x'.repeat(100))),
    );
    const progress: number[] = [];
    expect(await play(all, { keptBytes: 2_500, onProgress: (count) => progress.push(count) })).toBe(9);
    expect(await idsInLane()).toEqual(all);
    expect(progress).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it('keeps every dead letter that could not be routed', async () => {
    await writeDeadLetters(
      bench.url,
      numberedIds(3).map((id) => message(id, 'a')),
    );
    const channel = await (await bench.client()).channel();
    await channel.deleteQueue(laneQueue(EVENTS, laneOf(EVENTS, ROUTING_KEY)));
    await expect(play(['m0', 'm1', 'm2'])).rejects.toMatchObject({ code: 'returned' });
    expect(await left()).toEqual(['m0', 'm1', 'm2']);
  });

  it('loses nothing and replays no alert out of order if it is interrupted', async () => {
    const all = numberedIds(400);
    await writeDeadLetters(
      bench.url,
      all.map((id, index) => message(id, `a${index % 40}`)),
    );
    const proxy = await FaultProxy.start(bench.url);
    const queue = await DeadLetterQueue.open(await bench.client(proxy.url(bench.url)), EVENTS);
    const sender = await Sender.open(await bench.client(proxy.url(bench.url)));
    const progress = (count: number) => {
      if (count === 100) proxy.cut();
    };
    const items = (await deadLettersIn(queue)).map(replayItemOf);
    await expect(replay({ queue, sender, laneGroup: EVENTS, items, onProgress: progress })).rejects.toThrow();
    await proxy.stop();
    const rest = await left();
    expect(rest.length).toBeGreaterThan(0);
    expect(rest.length).toBeLessThan(400);
    await bench.close();
    await play(all);
    const sent = await idsInLane();
    expect(new Set(sent)).toEqual(new Set(all));
    // Messages in flight are replayed again; first arrivals are in order.
    const firsts = [...new Set(sent)].map((id) => Number(id.slice(1)));
    for (let alert = 0; alert < 40; alert += 1) {
      const ofAlert = firsts.filter((index) => index % 40 === alert);
      expect(ofAlert).toEqual([...ofAlert].sort((a, b) => a - b));
    }
  });
});
