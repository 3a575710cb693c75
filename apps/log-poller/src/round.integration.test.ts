import { Getter } from '@pdaltagent/http';
import { Publisher, WEBHOOKS } from '@pdaltagent/messaging';
import { LogEntriesApi, PAGE_BYTES_LIMIT, WindowReader } from '@pdaltagent/rest-api';
import { Cursor, SeenEntries, Store } from '@pdaltagent/store';
import { LogEntriesServer, testServers, type TestServers, waitUntil } from '@pdaltagent/testing';
import { parseDestinations } from '@pdaltagent/webhooks';
import { Registry } from 'prom-client';
import { Counters } from './counters';
import { KeptLog } from './kept-log.testing';
import { Lanes } from './lanes.testing';
import { NewEntries } from './new-entries';
import { Publication } from './publication';
import { Round, type RoundOptions } from './round';
import { EndingPublication, RefusingCursor, takenDeadLetters } from './round.testing';
import { SettingAside } from './setting-aside';

let servers: TestServers;
let server: LogEntriesServer;
let publisher: Publisher;
let lanes: Lanes;
let log: KeptLog;
const stores: Store[] = [];
const getters: Getter[] = [];

beforeAll(async () => {
  servers = await testServers();
  publisher = new Publisher({
    url: servers.amqpUrl,
    name: 'test',
    family: WEBHOOKS,
    queueType: 'quorum',
    log: new KeptLog(),
  });
  publisher.start();
  await waitUntil(() => publisher.state() === 'connected', { what: 'the publisher to connect' });
});
beforeEach(async () => {
  server = new LogEntriesServer();
  await server.start();
  lanes = await Lanes.openEmpty(servers.amqpUrl);
  await takenDeadLetters(servers.amqpUrl);
  log = new KeptLog();
  const store = await newStore();
  await store.run((redis) => redis.flushdb());
});
afterEach(async () => {
  for (const getter of getters.splice(0)) getter.close();
  for (const store of stores.splice(0)) store.close();
  await lanes.close();
  await server.stop();
});
afterAll(() => publisher.close());

async function newStore(): Promise<Store> {
  const store = new Store({ url: servers.redisUrl, name: 'test', log: new KeptLog() });
  stores.push(store);
  store.start();
  await waitUntil(() => store.state() === 'connected', { what: 'Redis to be connected' });
  return store;
}

/** What a fresh process would have. */
async function newRound(
  options: Partial<RoundOptions> & {
    store?: Store;
    urls?: string;
    publication?: Publication;
    services?: string[];
  } = {},
) {
  const { store = await newStore(), urls = 'http://receiver.test/hook', publication, services, ...rest } = options;
  const destinations = parseDestinations(urls) ?? [];
  const counters = new Counters(new Registry());
  const getter = new Getter({ maxSockets: 2, attemptTimeoutMs: 30_000, answerLimit: PAGE_BYTES_LIMIT });
  getters.push(getter);
  const api = new LogEntriesApi({ getter, baseUrl: server.url, token: 'token', all: false, spacingMs: 0 });
  return new Round({
    api,
    reader: new WindowReader({ api, log, waits: { baseMs: 1, capMs: 5, refusedMs: 5 } }),
    newEntries: new NewEntries({
      publication: publication ?? new Publication({ publisher, destinations: () => destinations, config: {} }),
      settingAside: new SettingAside(publisher),
      seen: new SeenEntries(store, 3_600),
      services: services && new Set(services),
      counters,
      log,
    }),
    cursor: new Cursor(store),
    overlapMs: 60_000,
    since: undefined,
    counters,
    log,
    ...rest,
  });
}

const signal = () => AbortSignal.timeout(25_000);
const arrived = (count: number) =>
  waitUntil(() => lanes.messages.length >= count, { what: `${count} webhooks on the lanes` });
const ids = (entries: readonly { readonly id: string }[]) => entries.map(({ id }) => id);
const onOneIncident = () => ({ incident: { id: 'P1' } });

describe('a round', () => {
  it('queues what is new, oldest first per incident, once for each destination', async () => {
    const added = server.add(120, onOneIncident);
    await (await newRound({ urls: 'http://one.test,http://two.test' })).run(signal());
    await arrived(240);
    const [one, two] = ['one.test', 'two.test'].map((host) =>
      lanes.messages.flatMap(({ routingKey }, index) => (routingKey.startsWith(host) ? [lanes.entryIds()[index]] : [])),
    );
    expect(one).toEqual(ids(added));
    expect(two).toEqual(ids(added));
    expect(new Set(lanes.messages.map(({ id }) => id)).size).toBe(240);
    expect(new Set(lanes.messages.map(({ orderKey }) => orderKey)).size).toBe(2);
  });

  it('queues nothing twice, though it reads an overlap again', async () => {
    server.add(30);
    const round = await newRound();
    await round.run(signal());
    const late = server.add(1, () => ({ created_at: new Date(Date.now() - 50_000).toISOString() }));
    await round.run(signal());
    await arrived(31);
    await round.run(signal());
    expect(lanes.entryIds()).toHaveLength(31);
    expect(lanes.entryIds().at(-1)).toBe(late[0]?.id);
  });

  it('misses no entry that appears late, wherever the cursor is by then', async () => {
    const round = await newRound();
    server.add(5);
    await round.run(signal());
    for (const secondsLate of [1, 20, 40, 58]) {
      server.add(1, () => ({ created_at: new Date(Date.now() - secondsLate * 1000).toISOString() }));
      server.add(1);
      await round.run(signal());
    }
    await arrived(13);
    expect(new Set(lanes.entryIds())).toEqual(new Set(ids(server.entries)));
  });

  it.each([-30_000, 30_000])('misses nothing when PagerDuty’s clock is %d ms ahead of ours', async (aheadMs) => {
    server.aheadMs = aheadMs;
    const round = await newRound();
    for (let count = 0; count < 3; count += 1) {
      server.add(4);
      await round.run(signal());
      const late = new Date(Date.now() + aheadMs - 50_000).toISOString();
      server.add(1, () => ({ created_at: late }));
      await round.run(signal());
    }
    await arrived(15);
    expect(new Set(lanes.entryIds())).toEqual(new Set(ids(server.entries)));
  });

  it('passes on what is unknown or incomplete, beside the rest', async () => {
    const odd = [{ type: 'teleport_log_entry' }, { incident: null, service: 7 }, { created_at: 'soon' }, {}];
    const entries = odd.map((fields, index) => ({
      id: `odd ${index}`,
      created_at: new Date().toISOString(),
      ...fields,
    }));
    server.mishaps.push({ status: 200, body: JSON.stringify({ log_entries: [null, ...entries], more: false }) });
    await (await newRound()).run(signal());
    await arrived(4);
    expect(new Set(lanes.entryIds())).toEqual(new Set(ids(entries)));
  });

  it('sets aside what cannot become a webhook, once, and passes on the rest', async () => {
    const created_at = new Date().toISOString();
    const odd = [null, 7, 'text', [], true].map((value) => JSON.stringify(value));
    const deep = `{"id":"deep","created_at":"${created_at}","incident":{"x":${'['.repeat(20_000)}${']'.repeat(20_000)}}}`;
    const body = `{"log_entries":[${odd.join()},${deep},{"id":"R1","created_at":"${created_at}"}],"more":false}`;
    server.mishaps.push({ status: 200, body }, { status: 200, body });
    const round = await newRound();
    await round.run(signal());
    await round.run(signal());
    await arrived(1);
    const letters = await takenDeadLetters(servers.amqpUrl);
    expect(letters.map(({ content }) => content.toString()).sort()).toEqual(
      [...odd, JSON.stringify({ id: 'deep', type: 'log_entry', createdAt: Date.parse(created_at) })].sort(),
    );
    expect(new Set(letters.map(({ properties }) => String(properties.messageId))).size).toBe(6);
    expect(lanes.entryIds()).toEqual(['R1']);
  });

  it('publishes nothing while Redis takes nothing', async () => {
    server.add(3);
    const store = await newStore();
    const cursor = new RefusingCursor(store);
    await expect((await newRound({ store, cursor })).run(signal())).rejects.toMatchObject({ code: 'refused' });
    expect(server.requests).toEqual([]);
  });

  it('publishes nothing more once it may not', async () => {
    server.add(5, onOneIncident);
    let left = 2;
    const check = () => {
      left -= 1;
      if (left < 0) throw new Error('no more');
    };
    await expect((await newRound()).run(signal(), check)).rejects.toThrow('no more');
    await arrived(2);
    await (await newRound()).run(signal());
    await arrived(5);
    expect(lanes.entryIds()).toEqual(ids(server.entries));
  });

  it('asks the sender about what is new behind the cursor, for it may have been published and forgotten', async () => {
    const store = await newStore();
    const round = await newRound({ store });
    server.add(2);
    await round.run(signal());
    await store.run((redis) => redis.flushdb());
    const [fresh] = server.add(1, () => ({ created_at: new Date(Date.now() + 1_000).toISOString() }));
    await round.run(signal());
    await arrived(5);
    const asked = lanes.messages.map(({ again }, index) => [lanes.entryIds()[index] === fresh?.id, again]).slice(2);
    expect(asked.sort()).toEqual([
      [false, true],
      [false, true],
      [true, false],
    ]);
  });

  it('leaves out what belongs to other services', async () => {
    server.add(4, (index) => ({ service: { id: index % 2 === 0 ? 'MINE' : 'THEIRS' } }));
    server.add(1, () => ({ service: undefined }));
    await (await newRound({ services: ['MINE'] })).run(signal());
    await arrived(2);
    expect(lanes.entryIds()).toHaveLength(2);
  });
});

describe('the place where reading begins', () => {
  it('is five minutes ago at a first start, and the log says so', async () => {
    const [, young] = server.add(2, (index) => ({
      created_at: new Date(Date.now() - (index === 0 ? 330_000 : 270_000)).toISOString(),
    }));
    const round = await newRound();
    await round.run(signal());
    await round.run(signal());
    await arrived(1);
    expect(lanes.entryIds()).toEqual([young?.id]);
    expect(log.lines.filter((line) => line.startsWith('there is no cursor'))).toHaveLength(1);
  });

  it('is PDAGENTD_POLL_SINCE where that is given, in later processes too', async () => {
    const since = Math.floor(Date.now() / 1000) * 1000 - 7_200_000;
    const [, young] = server.add(2, (index) => ({
      created_at: new Date(since + (index * 2 - 1) * 1000).toISOString(),
    }));
    await (await newRound({ since })).run(signal());
    await (await newRound()).run(signal());
    await arrived(1);
    expect(lanes.entryIds()).toEqual([young?.id]);
  });

  it('is the cursor after a stop, however long ago', async () => {
    const store = await newStore();
    const start = Date.now() - 20 * 86_400_000;
    await new Cursor(store).advance({ start, cursor: start });
    const added = server.add(3_000, (index) => ({ created_at: new Date(start + index * 500_000).toISOString() }));
    await (await newRound()).run(signal());
    await arrived(3_000);
    expect(new Set(lanes.entryIds())).toEqual(new Set(ids(added)));
    expect(log.lines).toContain('catching up');
  }, 60_000);

  it('is the other’s cursor where Redis is emptied and a process takes over that stood by', async () => {
    const store = await newStore();
    const start = Date.now() - 3_600_000;
    await new Cursor(store).advance({ start, cursor: start });
    const standby = await newRound({ store });
    await standby.standBy();
    await store.run((redis) => redis.flushdb());
    const added = server.add(1, () => ({ created_at: new Date(start + 60_000).toISOString() }));
    await standby.run(signal());
    await arrived(1);
    expect(lanes.entryIds()).toEqual(ids(added));
  });

  it('is the cursor in memory when Redis is emptied: it repeats, with the same ids, and skips nothing', async () => {
    const store = await newStore();
    const round = await newRound({ store });
    const added = server.add(10);
    await round.run(signal());
    await store.run((redis) => redis.flushdb());
    added.push(...server.add(5));
    await round.run(signal());
    await arrived(25);
    expect(new Set(lanes.entryIds())).toEqual(new Set(ids(added)));
    expect(new Set(lanes.messages.map(({ id }) => id)).size).toBe(15);
    expect(log.lines.join()).toContain('Redis was emptied');
  });
});

describe('an end between publishing and marking', () => {
  it('repeats with the same id, flagged as a repeat, and loses nothing', async () => {
    const added = server.add(20, onOneIncident);
    const store = await newStore();
    const options = { publisher, destinations: () => parseDestinations('http://receiver.test/hook') ?? [] };
    const publication = new EndingPublication({ ...options, config: {} }, store, added[9]?.id ?? '');
    await expect((await newRound({ store, publication })).run(signal())).rejects.toMatchObject({ code: 'away' });
    await arrived(10);
    await (await newRound()).run(signal());
    await arrived(21);
    const expected = [...ids(added).slice(0, 10), ...ids(added).slice(9)];
    expect(lanes.entryIds()).toEqual(expected);
    expect(lanes.messages[9]?.id).toBe(lanes.messages[10]?.id);
    expect(lanes.messages[10]?.again).toBe(true);
  });

  it('keeps the cursor where it was', async () => {
    const added = server.add(3);
    const store = await newStore();
    const options = { publisher, destinations: () => parseDestinations('http://receiver.test/hook') ?? [] };
    const publication = new EndingPublication({ ...options, config: {} }, store, added[1]?.id ?? '');
    await expect((await newRound({ store, publication })).run(signal())).rejects.toBeDefined();
    const position = await new Cursor(await newStore()).read();
    expect(position?.cursor).toBe(position?.start);
  });
});
