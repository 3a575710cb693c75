import { EVENTS, WEBHOOKS } from '@pdaltagent/messaging';
import { FaultProxy, testServers } from '@pdaltagent/testing';
import { BrokerClient, BrokerUnavailable } from './broker-client';
import { discard } from './discard';
import { message, writeDeadLetters } from './dead-letters.fixture';
import { Sender } from './sender';
import { DeadLetterQueue, DeadLetterQueueBusy } from './dead-letter-queue';
import {
  DeadLetterQueueBench,
  deadLettersIn,
  expectOrderAfterInterruption,
  idsIn,
  numberedIds,
} from './dead-letter-queue.fixture';

const bench = DeadLetterQueueBench.prepare(testServers);

describe('a visit of the dead-letter queue', () => {
  it('shows all dead letters with what happened, and keeps their order, however often it is repeated', async () => {
    const all = numberedIds(3_000);
    const response = {
      dead_reason: 'rejected',
      dead_status: 400,
      dead_answer: 'Invalid event object',
      dead_attempts: 3,
      dead_at: 5,
      dead_first_attempt_at: 3,
      dead_last_attempt_at: 4,
    };
    await writeDeadLetters(
      bench.url,
      all.map((id) => message(id)),
      () => response,
    );
    const queue = await DeadLetterQueue.open(await bench.client(), EVENTS);
    expect(await idsIn(queue)).toEqual(all);
    expect(await queue.count()).toBe(3_000);
    const deadLetters = await deadLettersIn(queue);
    expect(deadLetters.map(({ id }) => id)).toEqual(all);
    expect(deadLetters[0]).toMatchObject({
      reason: 'rejected',
      status: 400,
      response: 'Invalid event object',
      attempts: 3,
      deadAt: 5,
      firstAttemptAt: 3,
      lastAttemptAt: 4,
      acceptedAt: 1_700_000_000_000,
    });
  });

  it('keeps the order even if it is interrupted', () => expectOrderAfterInterruption(bench, 3_000));

  it('shows an unrecognized message under a derived name', async () => {
    const sender = await Sender.open(await bench.client());
    await sender.send('', EVENTS.deadLetters, Buffer.from('?'), { headers: { dead_reason: 'foreign' } });
    const [deadLetter] = await deadLettersIn(await DeadLetterQueue.open(await bench.client(), EVENTS));
    expect(deadLetter).toMatchObject({ reason: 'foreign', message: undefined, acceptedAt: undefined });
    expect(deadLetter?.id).toMatch(/^unnamed-[0-9a-f]{12}$/);
  });

  it('waits while another command reads the queue, and fails if that takes too long', async () => {
    const first = await bench.client();
    await DeadLetterQueue.open(first, EVENTS);
    await expect(DeadLetterQueue.open(await bench.client(), EVENTS)).rejects.toThrow(DeadLetterQueueBusy);
    const waiting = DeadLetterQueue.open(await bench.client(), EVENTS);
    await first.close();
    expect(await (await waiting).count()).toBe(0);
  });

  it('finds nothing if the queue does not exist yet', async () => {
    expect(await idsIn(await DeadLetterQueue.open(await bench.client(), WEBHOOKS))).toEqual([]);
  });

  it('fails within the timeout if the broker does not respond', async () => {
    const proxy = await FaultProxy.start(bench.url);
    await proxy.inject({ kind: 'black-hole' });
    await expect(BrokerClient.open({ url: proxy.url(bench.url), name: 'test', timeoutMs: 300 })).rejects.toThrow(
      BrokerUnavailable,
    );
    await proxy.stop();
  });
});

describe('sending to a queue', () => {
  it('reports a lost connection as an unreachable broker, not as a refused message', async () => {
    const proxy = await FaultProxy.start(bench.url);
    const client = await BrokerClient.open({ url: proxy.url(bench.url), name: 'test' });
    const sender = await Sender.open(client);
    await proxy.inject({ kind: 'black-hole' });
    const sent = sender.send('', EVENTS.deadLetters, Buffer.from('?'), { messageId: 'lost' });
    const failure = expect(sent).rejects.toMatchObject({ code: 'unavailable' });
    await proxy.inject({ kind: 'down' });
    await failure;
    await proxy.stop();
  });
});

describe('a discard', () => {
  it('removes the selected dead letters and keeps the order of the others', async () => {
    await writeDeadLetters(
      bench.url,
      numberedIds(10).map((id) => message(id)),
    );
    const queue = await DeadLetterQueue.open(await bench.client(), EVENTS);
    expect(await discard(queue, new Set(['m3', 'm7', 'other']))).toEqual({
      discarded: 2,
      gone: ['m3', 'm7'],
      left: [],
    });
    expect(await idsIn(queue)).toEqual(['m0', 'm1', 'm2', 'm4', 'm5', 'm6', 'm8', 'm9']);
  });

  it.each([100, 1_000])('of all of %d leaves none', async (count) => {
    const all = numberedIds(count);
    await writeDeadLetters(
      bench.url,
      all.map((id) => message(id)),
    );
    const queue = await DeadLetterQueue.open(await bench.client(), EVENTS);
    expect(await discard(queue, new Set(all))).toEqual({ discarded: count, gone: all, left: [] });
    expect(await queue.count()).toBe(0);
  });

  it('of every second one leaves exactly the others, in their order', async () => {
    const all = numberedIds(1_000);
    await writeDeadLetters(
      bench.url,
      all.map((id) => message(id)),
    );
    const queue = await DeadLetterQueue.open(await bench.client(), EVENTS);
    const odd = all.filter((_, index) => index % 2 === 1);
    expect(await discard(queue, new Set(odd))).toEqual({ discarded: 500, gone: odd, left: [] });
    expect(await idsIn(queue)).toEqual(all.filter((_, index) => index % 2 === 0));
  });
});
