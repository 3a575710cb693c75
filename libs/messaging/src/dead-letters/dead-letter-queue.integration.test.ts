import { FaultProxy, testServers } from '@pdaltagent/testing';
import { BrokerClient, BrokerUnavailable } from '../inspection/broker-client';
import { EVENTS, WEBHOOKS } from '../topology';
import { discard } from './discard';
import { bury, message } from './dead-letters.fixture';
import { Sender } from './sender';
import { DeadLetterQueue, DeadLetterQueueBusy } from './dead-letter-queue';
import { idsOn, lettersOn, names, ShelfBench } from './dead-letter-queue.fixture';

const bench = ShelfBench.prepare(testServers);

describe('a look at the dead letters', () => {
  it('shows all of them, with what happened, and leaves all in their order, however often', async () => {
    const all = names(3_000);
    const told = {
      dead_reason: 'rejected',
      dead_status: 400,
      dead_answer: 'Invalid event object',
      dead_attempts: 3,
      dead_at: 5,
      dead_first_attempt_at: 3,
      dead_last_attempt_at: 4,
    };
    await bury(
      bench.url,
      all.map((id) => message(id)),
      () => told,
    );
    const shelf = await DeadLetterQueue.open(await bench.link(), EVENTS);
    expect(await idsOn(shelf)).toEqual(all);
    expect(await shelf.count()).toBe(3_000);
    const letters = await lettersOn(shelf);
    expect(letters.map(({ id }) => id)).toEqual(all);
    expect(letters[0]).toMatchObject({
      reason: 'rejected',
      status: 400,
      answer: 'Invalid event object',
      attempts: 3,
      deadAt: 5,
      firstAttemptAt: 3,
      lastAttemptAt: 4,
      acceptedAt: 1_700_000_000_000,
    });
  });

  it('keeps the order of more letters than one consumer may hold, also when it is cut off in the middle', async () => {
    const all = names(66_000);
    await bury(
      bench.url,
      all.map((id) => message(id, 'a', '{}')),
    );
    const first = await bench.link();
    const shelf = await DeadLetterQueue.open(first, EVENTS);
    expect(await idsOn(shelf)).toEqual(all);
    let seen = 0;
    const cut = shelf.look(() => {
      if ((seen += 1) === 100) void first.close();
    });
    await expect(cut).rejects.toThrow(BrokerUnavailable);
    expect(await idsOn(await DeadLetterQueue.open(await bench.link(), EVENTS))).toEqual(all);
  });

  it('shows what is none of ours under a name of its own', async () => {
    const sender = await Sender.open(await bench.link());
    await sender.send('', EVENTS.deadLetters, Buffer.from('?'), { headers: { dead_reason: 'foreign' } });
    const [letter] = await lettersOn(await DeadLetterQueue.open(await bench.link(), EVENTS));
    expect(letter).toMatchObject({ reason: 'foreign', message: undefined, acceptedAt: undefined });
    expect(letter?.id).toMatch(/^unnamed-[0-9a-f]{12}$/);
  });

  it('waits for its turn and says so when another keeps them', async () => {
    const first = await bench.link();
    await DeadLetterQueue.open(first, EVENTS);
    await expect(DeadLetterQueue.open(await bench.link(), EVENTS)).rejects.toThrow(DeadLetterQueueBusy);
    const waiting = DeadLetterQueue.open(await bench.link(), EVENTS);
    await first.close();
    expect(await (await waiting).count()).toBe(0);
  });

  it('finds nothing where the queue is not there yet', async () => {
    expect(await idsOn(await DeadLetterQueue.open(await bench.link(), WEBHOOKS))).toEqual([]);
  });

  it('is told in time that the broker is silent', async () => {
    const proxy = await FaultProxy.start(bench.url);
    await proxy.inject({ kind: 'black-hole' });
    await expect(BrokerClient.open({ url: proxy.url(bench.url), name: 'test', timeoutMs: 300 })).rejects.toThrow(
      BrokerUnavailable,
    );
    await proxy.stop();
  });
});

describe('a discard', () => {
  it('removes the chosen ones and leaves the others in their order', async () => {
    await bury(
      bench.url,
      names(10).map((id) => message(id)),
    );
    const shelf = await DeadLetterQueue.open(await bench.link(), EVENTS);
    expect(await discard(shelf, new Set(['m3', 'm7', 'other']))).toEqual({ gone: 2, left: [] });
    expect(await idsOn(shelf)).toEqual(['m0', 'm1', 'm2', 'm4', 'm5', 'm6', 'm8', 'm9']);
  });

  it.each([100, 1_000])('of all of %d leaves none', async (count) => {
    const all = names(count);
    await bury(
      bench.url,
      all.map((id) => message(id)),
    );
    const shelf = await DeadLetterQueue.open(await bench.link(), EVENTS);
    expect(await discard(shelf, new Set(all))).toEqual({ gone: count, left: [] });
    expect(await shelf.count()).toBe(0);
  });

  it('of every second one leaves exactly the others, in their order', async () => {
    const all = names(1_000);
    await bury(
      bench.url,
      all.map((id) => message(id)),
    );
    const shelf = await DeadLetterQueue.open(await bench.link(), EVENTS);
    const odd = all.filter((_, index) => index % 2 === 1);
    expect(await discard(shelf, new Set(odd))).toEqual({ gone: 500, left: [] });
    expect(await idsOn(shelf)).toEqual(all.filter((_, index) => index % 2 === 0));
  });
});
