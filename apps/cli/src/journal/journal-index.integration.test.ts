import { type FactStream } from '@pdaltagent/journal';
import { EVENTS } from '@pdaltagent/messaging';
import { localFolder, testServers } from '@pdaltagent/testing';
import { buildSync } from 'esbuild';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { declareTopologies, MINUTE, publishDeadLetters, runCli } from '../cli.fixture';
import { accepted, deadLettered, delivered, failed, messageOf } from './journal.fixture';
import { withIndex } from './journal-index';
import { openStream } from './open';
import { writeFacts } from './real-journal.fixture';

const AT = Date.now() - 10 * MINUTE;
const DISK = messageOf({ id: 'e1', accepted: AT });
const CPU = messageOf({ id: 'e2', accepted: AT + 1_000, alert: 'web9/cpu', key: '…77ff' });
const LOAD = messageOf({ id: 'e3', accepted: AT + 2_000, alert: 'web9/load' });
const COMMANDS = [
  ['events'],
  ['events', '--json', 'disk', 'FULL'],
  ['events', '--json', '--key', 'R0123456789ABCDEFGHIJKLMNOPQ77ff'],
  ['events', '--json', '--state', 'undelivered', '--limit', '1'],
  ['events', 'nonsense'],
  ['trace', 'e1', '--json'],
  ['trace', 'web9/cpu', '--json'],
  ['trace', 'nothing'],
  ['audit'],
  ['audit', '--since', '605s', '--json'],
];
const bundle = path.join(localFolder(), 'cli-index-test', `${process.pid}`);
const historyWorker = path.join(bundle, 'history-worker.js');
const stateFolder = mkdtempSync(path.join(tmpdir(), 'cli-index-'));
const NOW = Date.now() + MINUTE;

let url: string;
let redisUrl: string;

beforeAll(async () => {
  const entryPoints = [path.join(__dirname, '../history-worker.ts')];
  // Inside of the clone, where the native code is found.
  buildSync({ entryPoints, outfile: historyWorker, bundle: true, platform: 'node', format: 'cjs', logLevel: 'error' });
  ({ amqpUrl: url, redisUrl } = await testServers());
  await declareTopologies(url);
  await writeFacts(url, 'delivery-worker', [failed(DISK), delivered(DISK, 2), deadLettered(CPU)]);
  await writeFacts(url, 'ingest-gateway', [accepted(DISK), accepted(CPU, { summary: 'Load is high' })]);
  await publishDeadLetters(url, EVENTS, [{ id: 'e2' }]);
});
afterAll(() => {
  for (const folder of [bundle, stateFolder]) rmSync(folder, { recursive: true });
});

const environment = () => ({
  PDAGENTD_AMQP_URL: url,
  PDAGENTD_REDIS_URL: redisUrl,
  PDAGENTD_STATE_DIR: stateFolder,
});
const run = (...words: string[]) => runCli(words, environment(), { now: NOW, historyWorker });

/** Brings the index up to date. @returns the offsets of the batches that were read for it */
async function readIntoIndex(): Promise<readonly number[]> {
  const offsets: number[] = [];
  const journal = openStream({ environment: environment() }, 'a test');
  const stream: FactStream = {
    async *read(options) {
      for await (const batch of journal.read(options)) {
        offsets.push(batch.offset);
        yield batch;
      }
    },
  };
  const terminal = { environment: environment(), error: () => undefined, showsProgress: false, historyWorker };
  await withIndex(terminal, stream, () => Promise.resolve());
  return offsets;
}

/** The fields of an object are in any order. */
const content = (out: string): unknown => (out.startsWith('{\n') ? JSON.parse(out) : out);

async function expectTheSame(commands = COMMANDS): Promise<void> {
  for (const words of commands) {
    const [plain, indexed] = [await run(...words), await run(...words, '--index')];
    expect([words, indexed.code, content(indexed.out)]).toEqual([words, plain.code, content(plain.out)]);
    expect(indexed.error).toMatch(/^the history starts at 20.*Z\n/);
  }
}

it('prints the same from the index as from the stream', () => expectTheSame());

it('reads only what is new into the index, and names what is unaccounted', async () => {
  const [last, ...others] = await readIntoIndex();
  // What it ends with is read again: another one would be of another stream.
  expect([last, others]).toEqual([expect.any(Number), []]);
  await writeFacts(url, 'ingest-gateway', [accepted(LOAD, { summary: 'Load is higher' })]);
  expect((await readIntoIndex()).slice(0, 2)).toEqual([last, Number(last) + 1]);
  const { out } = await run('events', '--json', 'higher', '--index');
  expect(JSON.parse(out)).toMatchObject({ id: 'e3', state: 'waiting' });
  const { code } = await run('audit', '--index');
  expect(code).toBe(1);
  await expectTheSame([['events'], ['trace', 'web9/load', '--json']]);
});

it('makes the index again if its folder was deleted', async () => {
  rmSync(path.join(stateFolder, 'history'), { recursive: true });
  await expectTheSame([['events'], ['trace', 'e1']]);
});
