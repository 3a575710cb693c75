import { GetClient } from '@pdaltagent/http';
import { LogEntriesServer, ManualClock } from '@pdaltagent/testing';
import { LogEntriesApi, PAGE_BYTES_LIMIT, type PageFailure } from './log-entries-api';
import { type TimeWindow } from './time-window';
import { WindowReader } from './window-reader';

const TOKEN = 'y_NbAkKc66ryYTWUXYEu';
let server: LogEntriesServer;
let api: LogEntriesApi;
let httpClient: GetClient;
let lines: string[];
const keep = (line: string) => void lines.push(line);
const log = { warn: keep, error: keep };
let results: (PageFailure['kind'] | undefined)[];

beforeEach(async () => {
  server = new LogEntriesServer();
  lines = [];
  results = [];
  await server.start();
  httpClient = new GetClient({ maxSockets: 2, attemptTimeoutMs: 2_000, responseLimit: PAGE_BYTES_LIMIT });
  api = new LogEntriesApi({ httpClient, baseUrl: server.url, token: TOKEN, all: false, spacingMs: 0 });
});
afterEach(async () => {
  httpClient.close();
  await server.stop();
});

function reader(): WindowReader {
  const onPageResult = (failure: PageFailure | null) => void results.push(failure?.kind);
  return new WindowReader({ api, log, delays: { baseMs: 1, capMs: 5, refusedMs: 5 }, onPageResult });
}

function windowOf(seconds: number): TimeWindow {
  const until = Math.ceil(Date.now() / 1000) * 1000 + 2_000;
  return { since: until - seconds * 1000, until };
}

async function read(window: TimeWindow): Promise<string[]> {
  const ids: string[] = [];
  const signal = AbortSignal.timeout(150_000);
  for await (const { entries } of reader().read(window, signal)) ids.push(...entries.map(({ id }) => id));
  return ids;
}

const offsets = () => server.requests.map(({ query }) => Number(query.get('offset')));

describe('a request', () => {
  it('has the headers and the query that PagerDuty requires', async () => {
    await read({ since: Date.UTC(2026, 2, 1), until: Date.UTC(2026, 2, 1, 0, 1) });
    const [request] = server.requests;
    expect(request?.headers).toMatchObject({
      authorization: `Token token=${TOKEN}`,
      accept: 'application/vnd.pagerduty+json;version=2',
      'content-type': 'application/json',
    });
    expect([...(request?.query ?? [])].sort()).toEqual([
      ['include[]', 'channels'],
      ['include[]', 'incidents'],
      ['include[]', 'services'],
      ['is_overview', 'true'],
      ['limit', '100'],
      ['offset', '0'],
      ['since', '2026-03-01T00:00:00Z'],
      ['time_zone', 'UTC'],
      ['until', '2026-03-01T00:01:00Z'],
    ]);
  });

  it('requests every entry if all are wanted', async () => {
    httpClient.close();
    api = new LogEntriesApi({ httpClient, baseUrl: server.url, token: TOKEN, all: true, spacingMs: 0 });
    await read(windowOf(10));
    expect(server.requests[0]?.query.has('is_overview')).toBe(false);
  });
});

describe('a window', () => {
  it('is read to its last page and returned oldest first', async () => {
    const added = server.add(250);
    expect(await read(windowOf(500))).toEqual(added.map(({ id }) => id));
    expect(offsets()).toEqual([0, 100, 200]);
  });

  it('keeps PagerDuty’s order of entries of one second, across pages and across halves', async () => {
    const second = Math.floor(Date.now() / 1000) * 1000;
    // Ids that sort against the order, 250 to a second.
    const added = server.add(5_000, (index) => ({
      id: `R${String(99_999 - index)}`,
      created_at: new Date(second - 3_000_000 + Math.floor(index / 250) * 150_000).toISOString(),
    }));
    const ids = await read(windowOf(3_600));
    expect(ids).toEqual(added.map(({ id }) => id));
    expect(server.requests.filter(({ query }) => query.get('offset') === '0').length).toBeGreaterThan(2);
  });

  it('is complete and without duplicates when new entries shift its pages', async () => {
    const added = server.add(250);
    server.beforePage = (query) => {
      const created_at = new Date(Date.now() - 5_000).toISOString();
      if (query.get('offset') !== '0')
        server.entries.push({ id: `late ${query.get('offset')}`, type: 'x', created_at });
    };
    const ids = await read(windowOf(500));
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.filter((id) => !id.startsWith('late'))).toEqual(added.map(({ id }) => id));
  });

  it('keeps the order of entries of one second even if others of that second appear between its pages', async () => {
    const second = Math.floor(Date.now() / 1000) * 1000 - 10_000;
    const at = (ms: number) => ({ created_at: new Date(ms).toISOString() });
    const older = server.add(100, () => at(second));
    const newer = server.add(80, () => at(second + 1_000));
    let isFirst = true;
    server.beforePage = (query) => {
      if (query.get('offset') !== '100' || !isFirst) return;
      isFirst = false;
      const late = Array.from({ length: 60 }, (_, index) => ({ id: `late ${index}`, type: 'x', ...at(second) }));
      // The server lists them in the reverse of this order, as PagerDuty does.
      server.entries.splice(older.length, 0, ...late);
    };
    const ids = await read(windowOf(500));
    const seen = ids.filter((id) => id.startsWith('late'));
    expect(seen.length).toBeGreaterThan(10);
    expect(ids).toEqual([...older.map(({ id }) => id), ...seen, ...newer.map(({ id }) => id)]);
    expect(seen).toEqual(seen.toSorted((one, other) => Number(one.slice(5)) - Number(other.slice(5))));
  });

  it('is halved if it has more than 10,000 records, without a request beyond that limit', async () => {
    server.add(10_345, (index) => ({ created_at: new Date(Date.now() - (index % 500) * 1000).toISOString() }));
    const ids = await read(windowOf(550));
    expect(new Set(ids).size).toBe(10_345);
    expect(Math.max(...offsets())).toBe(9_900);
  });

  it('is counted first and halved at once if it is long', async () => {
    const added = server.add(5_000);
    const ids = await read(windowOf(6_000));
    expect([...new Set(ids)]).toEqual(added.map(({ id }) => id));
    expect(server.requests.length).toBeLessThan(70);
  });

  it('is halved if PagerDuty does not answer because of its width', async () => {
    const added = server.add(30);
    const wide = 86_400;
    server.rejects = (query) =>
      Date.parse(query.get('until') ?? '') - Date.parse(query.get('since') ?? '') > (wide * 1_000) / 3;
    expect(await read(windowOf(wide))).toEqual(added.map(({ id }) => id));
    expect(results.filter((kind) => kind === 'failed')).toHaveLength(3 * 3);
  });

  it('of two seconds with more than 10,000 records has what PagerDuty returns, and the rest is logged as missing', async () => {
    const created_at = new Date(Math.floor(Date.now() / 1000) * 1000).toISOString();
    server.add(10_050, () => ({ created_at }));
    expect(new Set(await read(windowOf(4))).size).toBe(10_000);
    expect(lines.join()).toContain('more than 10,000 log entries');
  });

  it('separates entries from elements that are not objects', async () => {
    server.faults.push({ status: 200, body: '{"log_entries":[null,{"id":"R1"},7,"text"],"more":false}' });
    const { value } = await reader().read(windowOf(10), AbortSignal.timeout(150_000)).next();
    expect(value).toMatchObject({ entries: [{ id: 'R1' }], unreadable: [null, 7, 'text'] });
  });
});

describe('a page that fails', () => {
  it('to say whether there are more is followed by the next one, if it is full', async () => {
    const added = server.add(150);
    const newest = [...added].reverse().slice(0, 100);
    server.faults.push({ status: 200, body: JSON.stringify({ log_entries: newest }) });
    expect(await read(windowOf(500))).toEqual(added.map(({ id }) => id));
  });

  it.each([
    ['a reset', 'reset'],
    ['status 500', { status: 500 }],
    ['status 400', { status: 400 }],
    ['a response that is no JSON', { status: 200, body: '<html>' }],
    ['a response without log entries', { status: 200, body: '{}' }],
    [
      'a response cut short',
      { status: 200, headers: { 'content-length': '100', connection: 'close' }, body: '{"log_entries":[' },
    ],
  ] as const)('with %s is retried and not skipped', async (_name, fault) => {
    const added = server.add(150);
    const page = server.beforePage;
    server.beforePage = (query) => {
      if (query.get('offset') === '0') server.faults.push(fault, fault);
      page(query);
    };
    expect(await read(windowOf(500))).toEqual(added.map(({ id }) => id));
    expect(offsets()).toEqual([0, 100, 100, 100]);
    expect(results).toEqual([undefined, 'failed', 'failed', undefined]);
  });

  it('because of a rejected token is retried, with a log line that says what is wrong', async () => {
    server.faults.push({ status: 401 }, { status: 403 });
    const added = server.add(1);
    expect(await read(windowOf(10))).toEqual(added.map(({ id }) => id));
    expect(lines.join()).toContain('PagerDuty rejects PDAGENTD_API_TOKEN (status 401)');
    expect(lines.join()).not.toContain(TOKEN);
  });

  it.each([401, 403, 400, 200])(
    'because a proxy answered %i with a page is not blamed on the token',
    async (status) => {
      server.faults.push({ status, headers: { 'content-type': 'text/html' }, body: '<html>Please log in</html>' });
      const added = server.add(1);
      expect(await read(windowOf(10))).toEqual(added.map(({ id }) => id));
      expect(results).toEqual(['failed', undefined]);
      expect(lines.join()).toContain(`status ${status} with an HTML page that is not PagerDuty’s`);
      expect(lines.join()).not.toContain('PDAGENTD_API_TOKEN');
    },
  );

  it.each(['ratelimit-reset', 'retry-after'])('because of the rate limit is retried when %s says', async (header) => {
    server.faults.push({ status: 429, headers: { [header]: '1' } });
    const began = performance.now();
    await read(windowOf(10));
    expect(performance.now() - began).toBeGreaterThanOrEqual(990);
    expect(results).toEqual(['throttled', undefined]);
  });

  it('ends when the signal aborts', async () => {
    server.faults.push(...Array.from({ length: 10_000 }, () => ({ status: 500 })));
    const reading = (async () => {
      for await (const content of reader().read(windowOf(10), AbortSignal.timeout(200)))
        expect(content).toBeUndefined();
    })();
    await expect(reading).rejects.toThrow();
  });
});

describe('the rate limit', () => {
  it('is waited for until the date in Retry-After, by PagerDuty’s clock', async () => {
    server.clockSkewMs = -86_400_000;
    const until = new Date(Date.now() + server.clockSkewMs + 2_000).toUTCString();
    server.faults.push({ status: 429, headers: { 'retry-after': until } });
    const began = performance.now();
    await read(windowOf(10));
    expect(performance.now() - began).toBeGreaterThanOrEqual(990);
  });

  it('that is used up delays the next page', async () => {
    server.faults.push({
      status: 200,
      headers: { 'ratelimit-remaining': '0', 'ratelimit-reset': '1' },
      body: '{"log_entries":[],"more":true}',
    });
    const began = performance.now();
    await read(windowOf(10));
    expect(performance.now() - began).toBeGreaterThanOrEqual(990);
  });

  it('allows a burst of requests after a pause', async () => {
    api = new LogEntriesApi({ httpClient, baseUrl: server.url, token: TOKEN, all: false, spacingMs: 60_000, burst: 5 });
    server.add(500);
    await read(windowOf(600));
    expect(server.requests).toHaveLength(5);
  });

  it('is not reached: requests are spaced', async () => {
    httpClient.close();
    api = new LogEntriesApi({ httpClient, baseUrl: server.url, token: TOKEN, all: false, spacingMs: 50, burst: 1 });
    server.add(500);
    const began = performance.now();
    await read(windowOf(600));
    expect(performance.now() - began).toBeGreaterThanOrEqual(4 * 50);
  });
});

describe('PagerDuty’s clock', () => {
  it('is learned from its responses', async () => {
    expect(api.serverNow()).toBeNull();
    server.clockSkewMs = 3_600_000;
    await read(windowOf(10));
    const ahead = (api.serverNow() ?? 0) - Date.now();
    expect(ahead).toBeGreaterThan(3_600_000 - 2_000);
    expect(ahead).toBeLessThan(3_600_000 + 2_000);
  });

  it('is not taken from a proxy that responds in its place', async () => {
    const date = new Date(Date.now() + 86_400_000).toUTCString();
    const proxys = [502, 429, 403, 200].map((status) => ({ status, headers: { date }, body: '<html>' }));
    server.faults.push(...proxys);
    server.date = () => null;
    await read(windowOf(10));
    expect(server.requests).toHaveLength(5);
    expect(api.serverNow()).toBeNull();
  });

  it('advances by the monotonic clock, however ours is set', async () => {
    const clock = new ManualClock();
    api = new LogEntriesApi({ httpClient, baseUrl: server.url, token: TOKEN, all: false, spacingMs: 0, clock });
    server.date = () => new Date(Date.UTC(2026, 2, 1));
    await read(windowOf(10));
    clock.jump(86_400_000);
    clock.advance(5_000);
    expect(api.serverNow()).toBe(Date.UTC(2026, 2, 1, 0, 0, 5));
  });
});
