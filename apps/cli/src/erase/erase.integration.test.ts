import { EVENTS, WEBHOOKS } from '@pdaltagent/messaging';
import { testServers } from '@pdaltagent/testing';
import { mkdirSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import path from 'node:path';
import { declareTopologies, publishDeadLetters, purgeQueues, runCli } from '../cli.fixture';
import { GatewayFolder } from '../quarantine/quarantine.fixture';

const PERSON = 'ann@example.com';

let url: string;
let gateway: GatewayFolder;
let server: Server | undefined;

const erase = (words: readonly string[], answer?: string) =>
  runCli(
    ['dead-letters', 'erase', ...words],
    { PDAGENTD_AMQP_URL: url, ...gateway.environment },
    answer === undefined ? {} : { answer },
  );

async function deadLetters(): Promise<string[]> {
  const { out } = await runCli(['dead-letters', 'list', '--json'], { PDAGENTD_AMQP_URL: url });
  return (JSON.parse(out) as { id: string }[]).map(({ id }) => id);
}

/** A gateway that uses the folder, and gives this response to each request. */
async function respondWith(status: number, body: object): Promise<void> {
  const lanes = path.join(gateway.path, 'spool', 'lanes');
  mkdirSync(lanes, { recursive: true });
  const listening = createServer((request, response) => {
    request.resume().on('end', () => response.writeHead(status).end(JSON.stringify(body)));
  });
  server = listening;
  await new Promise<void>((resolve) => listening.listen(path.join(lanes, '0.sock'), resolve));
}

beforeAll(async () => {
  ({ amqpUrl: url } = await testServers());
  await declareTopologies(url);
});
beforeEach(async () => {
  await purgeQueues(url);
  gateway = new GatewayFolder();
  await publishDeadLetters(url, EVENTS, [
    { id: 'd1' },
    { id: 'd2', alert: PERSON },
    { id: 'd3' },
    { id: 'd4', alert: PERSON },
  ]);
  await publishDeadLetters(url, WEBHOOKS, [{ id: 'w1', type: 'webhook', alert: PERSON }]);
  await gateway.add({ id: 'q1' }, { id: 'q2', alert: PERSON });
});
afterEach(async () => {
  const closing = server;
  server = undefined;
  if (closing !== undefined) await new Promise((resolve) => closing.close(resolve));
  gateway.remove();
});

it('erases what has a text from dead letters and quarantine, and keeps everything else in its order', async () => {
  await respondWith(200, { spool: { found: 2, erased: 2, problems: [] } });
  const { code, out, error } = await erase(['--text', 'Ann@Example.com', '--yes']);
  expect([code, out, error]).toEqual([
    0,
    '',
    '2 events in the spool found, 2 erased\n1 event in the quarantine found, 1 erased\n3 dead letters found, 3 erased\n',
  ]);
  expect(await deadLetters()).toEqual(['d1', 'd3']);
  expect(await gateway.ids()).toEqual(['q1']);
});

it('counts with --dry-run, and erases nothing', async () => {
  await respondWith(200, { spool: { found: 2, erased: 0, problems: [] } });
  const { code, out } = await erase(['--dedup-key', PERSON, '--dry-run', '--json']);
  expect(code).toBe(0);
  expect(JSON.parse(out)).toEqual({
    spool: { found: 2, erased: 0, problems: [] },
    quarantine: { found: 1, erased: 0, problems: [] },
    dead_letters: { found: 3, erased: 0, problems: [] },
    journal: null,
  });
  expect(await deadLetters()).toEqual(['d1', 'd2', 'd3', 'd4', 'w1']);
  expect(await gateway.ids()).toEqual(['q1', 'q2']);
});

it('asks first on a terminal, and requires --yes without one', async () => {
  await respondWith(200, { spool: { found: 2, erased: 0, problems: [] } });
  const { code, questions } = await erase(['--dedup-key', PERSON], 'n');
  expect([code, questions]).toEqual([
    1,
    ['Erase 2 events in the spool, 1 event in the quarantine, 3 dead letters permanently? [y/N] '],
  ]);
  expect((await erase(['--dedup-key', PERSON])).code).toBe(2);
  expect(await deadLetters()).toHaveLength(5);
  expect((await erase(['--dedup-key', PERSON], 'y')).code).toBe(1);
  expect(await deadLetters()).toEqual(['d1', 'd3']);
});

it('reports a place that is not here, with where to erase there, and is not done before that', async () => {
  const { code, error } = await erase(['--text', PERSON, '--yes']);
  expect([code, error]).toEqual([
    1,
    '1 event in the quarantine found, 1 erased\n3 dead letters found, 3 erased\n' +
      'not done here: spool. Run it where each gateway runs, as its user and with its settings; on Kubernetes in each pod of the gateway:\n' +
      '  kubectl -n pdaltagent exec ingest-gateway-0 -- pdaltagent dead-letters erase --only spool …\n',
  ]);
});

it('--only searches the selected places, and is done when they are', async () => {
  const deadLettersOnly = await erase(['--text', PERSON, '--yes', '--only', 'dead-letters', '--json']);
  expect([deadLettersOnly.code, JSON.parse(deadLettersOnly.out)]).toEqual([
    0,
    { spool: null, quarantine: null, dead_letters: { found: 3, erased: 3, problems: [] }, journal: null },
  ]);
  expect(await gateway.ids()).toEqual(['q1', 'q2']);
  await respondWith(200, { spool: { found: 2, erased: 2, problems: [] } });
  const ofGateway = await erase(['--text', PERSON, '--yes', '--only', 'spool', 'quarantine']);
  expect([ofGateway.code, ofGateway.error]).toEqual([
    0,
    '2 events in the spool found, 2 erased\n1 event in the quarantine found, 1 erased\n',
  ]);
});

it('erases the spool and the quarantine although RabbitMQ cannot be reached', async () => {
  await respondWith(200, { spool: { found: 2, erased: 2, problems: [] } });
  const { code, error } = await runCli(['dead-letters', 'erase', '--text', PERSON, '--yes'], {
    PDAGENTD_AMQP_URL: 'amqp://user:secret@127.0.0.1:1',
    ...gateway.environment,
  });
  expect([code, error]).toEqual([1, expect.stringContaining('2 events in the spool found, 2 erased\n1 event in the')]);
  expect(error).toMatch(
    /^dead letters \(events\) were not searched to the end, erase again: the broker is unreachable/m,
  );
  expect(error).not.toContain('secret');
  expect(await gateway.ids()).toEqual(['q1']);
});

it('reports a spool that its gateway could not search, and erases the rest', async () => {
  await respondWith(500, { error: 'the request failed; the gateway’s log has the reason' });
  const { code, error } = await erase(['--text', PERSON, '--yes']);
  expect(code).toBe(1);
  expect(error).toMatch(/^the gateway of 0\.sock did not search its spool: status 500: .*log has the reason/m);
  expect(error).not.toContain(PERSON);
  expect(await deadLetters()).toEqual(['d1', 'd3']);
});

it.each<readonly [string[], string]>([
  [[], '--dedup-key, --source or --text'],
  [['--text', 'abc', '--source', 'def'], 'exactly one'],
  [['--text', 'abc', '--only', 'disk'], 'Allowed choices are spool, quarantine, dead-letters'],
  [['--text', 'ab'], '--text must have at least 3 characters'],
])('%j is refused', async (words, problem) => {
  const { code, error } = await erase([...words, '--yes']);
  expect([code, error]).toEqual([2, expect.stringContaining(problem)]);
  expect(await deadLetters()).toHaveLength(5);
});
