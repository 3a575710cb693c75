import { CuttingProxy, testServers } from '@pdaltagent/testing';
import { type ConsumeMessage } from 'amqplib';
import { BrokerAway, BrokerLink } from '../inspection/broker-link';
import { EVENTS, laneOf, laneQueue, WEBHOOKS } from '../topology';
import { discard } from './discard';
import { type Letter } from './letter';
import { bury, declareAll, message, ROUTING_KEY } from './letters.fixture';
import { inOrderOfDeath, playOf, replay, type ReplayOptions } from './replay';
import { Sender } from './sender';
import { Shelf, ShelfBusy } from './shelf';

let url: string;
const links: BrokerLink[] = [];

async function link(to = url): Promise<BrokerLink> {
  const opened = await BrokerLink.open({ url: to, name: 'test' });
  links.push(opened);
  return opened;
}

beforeAll(async () => {
  ({ amqpUrl: url } = await testServers());
});
beforeEach(async () => {
  await declareAll(url);
  const channel = await (await link()).channel();
  for (const queue of [EVENTS.deadLetters, laneQueue(EVENTS, laneOf(EVENTS, ROUTING_KEY))])
    await channel.purgeQueue(queue);
});
afterEach(() => Promise.all(links.splice(0).map((open) => open.close())));

const names = (count: number) => Array.from({ length: count }, (_, index) => `m${index}`);

async function lettersOn(shelf: Shelf): Promise<Letter[]> {
  const letters: Letter[] = [];
  await shelf.look(({ letter }) => letters.push(letter));
  return letters;
}
const idsOn = async (shelf: Shelf) => (await lettersOn(shelf)).map(({ id }) => id);

/** What lies in the lane of the letters' key; it stays there, unacknowledged. */
async function lane(): Promise<ConsumeMessage[]> {
  const channel = await (await link()).channel();
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

/** Ids of what is left once every other connection is closed. */
async function left(): Promise<string[]> {
  await Promise.all(links.splice(0).map((open) => open.close()));
  return idsOn(await Shelf.open(await link(), EVENTS));
}

/** Replays these letters; the rest of the options are as given. */
async function play(ids: readonly string[], options: Partial<ReplayOptions> = {}): Promise<number> {
  const shelf = await Shelf.open(await link(), EVENTS);
  const letters = await lettersOn(shelf);
  const plays = inOrderOfDeath(letters.filter(({ id }) => ids.includes(id)).map(playOf));
  return replay({ shelf, sender: await Sender.open(await link()), family: EVENTS, plays, ...options });
}

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
      url,
      all.map((id) => message(id)),
      () => told,
    );
    const shelf = await Shelf.open(await link(), EVENTS);
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
      url,
      all.map((id) => message(id, 'a', '{}')),
    );
    const first = await link();
    const shelf = await Shelf.open(first, EVENTS);
    expect(await idsOn(shelf)).toEqual(all);
    let seen = 0;
    const cut = shelf.look(() => {
      if ((seen += 1) === 100) void first.close();
    });
    await expect(cut).rejects.toThrow(BrokerAway);
    expect(await idsOn(await Shelf.open(await link(), EVENTS))).toEqual(all);
  });

  it('shows what is none of ours under a name of its own', async () => {
    const sender = await Sender.open(await link());
    await sender.send('', EVENTS.deadLetters, Buffer.from('?'), { headers: { dead_reason: 'foreign' } });
    const [letter] = await lettersOn(await Shelf.open(await link(), EVENTS));
    expect(letter).toMatchObject({ reason: 'foreign', message: undefined, acceptedAt: undefined });
    expect(letter?.id).toMatch(/^unnamed-[0-9a-f]{12}$/);
  });

  it('waits for its turn and says so when another keeps them', async () => {
    const first = await link();
    await Shelf.open(first, EVENTS);
    await expect(Shelf.open(await link(), EVENTS)).rejects.toThrow(ShelfBusy);
    const waiting = Shelf.open(await link(), EVENTS);
    await first.close();
    expect(await (await waiting).count()).toBe(0);
  });

  it('finds nothing where the queue is not there yet', async () => {
    expect(await idsOn(await Shelf.open(await link(), WEBHOOKS))).toEqual([]);
  });

  it('is told in time that the broker is silent', async () => {
    const proxy = await CuttingProxy.start(url);
    await proxy.inject({ kind: 'black-hole' });
    await expect(BrokerLink.open({ url: proxy.url(url), name: 'test', timeoutMs: 300 })).rejects.toThrow(BrokerAway);
    await proxy.stop();
  });
});

describe('a discard', () => {
  it('removes the chosen ones and leaves the others in their order', async () => {
    await bury(
      url,
      names(10).map((id) => message(id)),
    );
    const shelf = await Shelf.open(await link(), EVENTS);
    expect(await discard(shelf, new Set(['m3', 'm7', 'other']))).toBe(2);
    expect(await idsOn(shelf)).toEqual(['m0', 'm1', 'm2', 'm4', 'm5', 'm6', 'm8', 'm9']);
  });
});

describe('a replay', () => {
  it('sends the chosen ones to their lane in order, as they were but for their age, and leaves the others', async () => {
    await bury(
      url,
      names(6).map((id) => message(id, 'a')),
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

  it('goes by the order of death where somebody moved the letters', async () => {
    const letters = ['resolve', 'trigger'].map((id) => message(id, 'a'));
    await bury(url, letters, (index) => ({ dead_reason: 'poison', dead_at: 2 - index }));
    await play(['resolve', 'trigger']);
    expect(await idsInLane()).toEqual(['trigger', 'resolve']);
  });

  it('sends a letter that a crash left behind twice only once, and removes both', async () => {
    await bury(url, [message('m0'), message('m1'), message('m0')]);
    expect(await play(['m0', 'm1'])).toBe(2);
    expect(await idsInLane()).toEqual(['m0', 'm1']);
    expect(await left()).toEqual([]);
  });

  it('takes no more into memory than it is allowed to, and keeps the order all the same', async () => {
    const all = names(9);
    await bury(
      url,
      all.map((id) => message(id, 'a', 'x'.repeat(100))),
    );
    const progress: number[] = [];
    expect(await play(all, { keptBytes: 2_500, progress: (count) => progress.push(count) })).toBe(9);
    expect(await idsInLane()).toEqual(all);
    expect(progress).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it('keeps every letter that no queue took', async () => {
    await bury(
      url,
      names(3).map((id) => message(id, 'a')),
    );
    const channel = await (await link()).channel();
    await channel.deleteQueue(laneQueue(EVENTS, laneOf(EVENTS, ROUTING_KEY)));
    await expect(play(['m0', 'm1', 'm2'])).rejects.toMatchObject({ code: 'returned' });
    expect(await left()).toEqual(['m0', 'm1', 'm2']);
  });

  it('loses nothing and plays no alert out of order when it is cut off in the middle', async () => {
    const all = names(400);
    await bury(
      url,
      all.map((id, index) => message(id, `a${index % 40}`)),
    );
    const proxy = await CuttingProxy.start(url);
    const shelf = await Shelf.open(await link(proxy.url(url)), EVENTS);
    const sender = await Sender.open(await link(proxy.url(url)));
    const progress = (count: number) => {
      if (count === 100) proxy.cut();
    };
    const plays = (await lettersOn(shelf)).map(playOf);
    await expect(replay({ shelf, sender, family: EVENTS, plays, progress })).rejects.toThrow();
    await proxy.stop();
    const rest = await left();
    expect(rest.length).toBeGreaterThan(0);
    expect(rest.length).toBeLessThan(400);
    await Promise.all(links.splice(0).map((open) => open.close()));
    await play(all);
    const sent = await idsInLane();
    expect(new Set(sent)).toEqual(new Set(all));
    // What was on its way is played once more; first arrivals are in order.
    const firsts = [...new Set(sent)].map((id) => Number(id.slice(1)));
    for (let alert = 0; alert < 40; alert += 1) {
      const ofAlert = firsts.filter((index) => index % 40 === alert);
      expect(ofAlert).toEqual([...ofAlert].sort((a, b) => a - b));
    }
  });
});
