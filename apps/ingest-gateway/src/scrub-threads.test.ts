import { readConfiguration } from '@pdaltagent/service';
import { type RecordedLine, recordingLogger } from '@pdaltagent/testing';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Registry } from 'prom-client';
import { variables } from './configuration';
import { KEY, postTo, type RunningGateway, startGateway, TRIGGER } from './gateway.fixture';
import { buildScrubWorker } from './scrub-worker.fixture';
import { ScrubThreads } from './scrub-threads';
import { createScrub, type Scrubbing } from './scrubbing';

const SECRET = { PDAGENTD_SCRUB_PII: 'true', PDAGENTD_SCRUB_SECRET: 'of the test' };
/** Takes seconds for a long text without a `#`: hundreds of instructions for each character. */
const SLOW_RULE = JSON.stringify([
  { name: 'HANDLE', pattern: String.raw`(?i)\b[\w.-]{1,400}#?[\w-]{1,400}\.exampl[ef]` },
]);

let folder: string;
let script: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'scrub-threads-'));
  script = buildScrubWorker(folder);
  writeFileSync(path.join(folder, 'rules.json'), SLOW_RULE);
});
afterAll(() => rmSync(folder, { recursive: true }));

const log: RecordedLine[] = [];
let metrics: Registry;
let scrub: Scrubbing | undefined;
let gateway: RunningGateway | undefined;
async function start(environment = {}): Promise<void> {
  metrics = new Registry();
  log.length = 0;
  const configuration = readConfiguration(variables, { ...SECRET, ...environment });
  scrub = createScrub(configuration, metrics, recordingLogger(log), { script });
  gateway = await startGateway({ scrub });
}
afterEach(async () => {
  await gateway?.stop();
  await scrub?.stop();
  gateway = scrub = undefined;
});

function event(dedupKey: string, details: unknown): string {
  const payload = { ...TRIGGER.payload, summary: 'call jane@example.com', custom_details: details };
  return JSON.stringify({ ...TRIGGER, dedup_key: dedupKey, payload });
}
/** Too long to be scrubbed while other requests wait. */
const LARGE = 'disk of jane@example.com '.repeat(400);

const post = (body: string) => postTo(`${gateway?.url}/v2/enqueue`, body);
const published = () => (gateway?.sink.messages ?? []).map(({ body }) => body.toString());
const counted = async (kind: string): Promise<number> => {
  const line = new RegExp(`^pdaltagent_gateway_scrubbed_total\\{kind="${kind}"\\} (\\d+)`, 'm');
  return Number(line.exec(await metrics.metrics())?.[1] ?? 0);
};

it('scrubs a large event as it scrubs a small one, and counts the same', async () => {
  await start();
  expect((await post(event('of jane@example.com', [LARGE, 'jane@example.com']))).status).toBe(202);
  expect((await post(event('of jane@example.com', ['jane@example.com']))).status).toBe(202);
  const [large = '', small = ''] = published();
  expect(large).not.toContain('jane');
  expect(large.replace('disk of {{EMAIL_ADDRESS}} '.repeat(400), '').replace('"",', '')).toBe(small);
  expect(await counted('EMAIL_ADDRESS')).toBe(400 + 6);
  expect(await counted('UNSCANNED')).toBe(0);
});

it('scrubs body, query and headers of a vendor together', async () => {
  await start();
  const headers = { 'content-type': 'text/plain', 'x-github-event': 'call jane@example.com' };
  const url = `${gateway?.url}/integration/${KEY}/enqueue?to=jane%40example.com`;
  expect((await postTo(url, LARGE, headers)).status).toBe(202);
  const message = gateway?.sink.messages[0];
  expect(message?.body.toString()).toBe(LARGE.replaceAll('jane@example.com', '{{EMAIL_ADDRESS}}'));
  expect(message?.query).toBe('to=%7B%7BEMAIL_ADDRESS%7D%7D');
  expect(message?.forward?.['x-github-event']).toBe('call {{EMAIL_ADDRESS}}');
});

it('replaces what a slow rule leaves unread, counts it and reports it without content', async () => {
  await start({ PDAGENTD_SCRUB_RULES: path.join(folder, 'rules.json') });
  const text = `${'abcdefgh'.repeat(100)}.exampl `.repeat(270);
  const large = post(event('of jane@example.com', [text]));
  expect((await post(JSON.stringify({ ...TRIGGER, dedup_key: 'b' }))).status).toBe(202);
  expect((await large).status).toBe(202);
  const slow = published().find((body) => body.includes('"custom_details"')) ?? '';
  expect(slow).toContain('"custom_details":["{{UNSCANNED}}"]');
  expect(slow).toContain('"summary":"call {{EMAIL_ADDRESS}}"');
  expect(await counted('UNSCANNED')).toBe(1);
  expect(log).toEqual([
    expect.objectContaining({
      message: 'values in events were replaced without a scan: too long, or a custom rule is slow',
      fields: { values: 1 },
    }),
  ]);
});

describe('a thread that', () => {
  const PARTS = {
    type: 'v2',
    contentType: '',
    body: Buffer.from(LARGE),
    query: undefined,
    forward: undefined,
  } as const;
  const workerThat = (does: string): string => {
    const file = path.join(folder, `${does.length}.js`);
    const methods = `{ scrub: (settings, parts, limit) => { if (limit !== 0) { ${does} } return { parts, found: [] }; } }`;
    writeFileSync(file, `require(${JSON.stringify(require.resolve('workerpool'))}).worker(${methods});`);
    return file;
  };
  let threads: ScrubThreads;
  let ended = 0;
  const create = (file: string, terminateAfterMs: number): void => {
    ended = 0;
    const settings = { options: {}, rules: undefined };
    threads = new ScrubThreads({ settings, script: file, terminateAfterMs, onTerminated: () => (ended += 1) });
  };
  afterEach(() => threads.stop());

  it.each([
    ['never ends is terminated', 'for (;;);'],
    ['crashes is replaced', 'process.exit(1);'],
    ['fails is not asked again', 'throw new Error();'],
  ])('%s, and the request is scrubbed without a scan', async (_, does) => {
    create(workerThat(does), 8_000);
    expect(await threads.scrub(PARTS, '')).toMatchObject({ parts: { body: PARTS.body } });
    expect(ended).toBe(1);
  });

  it('does not even start leads to a retry by the sender', async () => {
    create(path.join(folder, 'none.js'), 60_000);
    expect(await threads.scrub(PARTS, '')).toMatchObject({ kind: 'refused', reason: 'unavailable' });
  });

  it('is busy has a queue: one sender can fill its share of it, not all', async () => {
    create(workerThat('for (;;);'), 8_000);
    const body = Buffer.alloc(1024 * 1024);
    const many = Array.from({ length: 7 }, () => threads.scrub({ ...PARTS, body }, 'one'));
    expect(await many.at(-1)).toMatchObject({ kind: 'refused', reason: 'overload' });
    const other = threads.scrub(PARTS, 'other');
    await threads.stop();
    const results = await Promise.all([...many, other]);
    const reasons = results.map((result) => ('kind' in result ? result.reason : ''));
    expect(reasons).toEqual([...Array.from({ length: 6 }, () => 'unavailable'), 'overload', 'unavailable']);
  });
});
