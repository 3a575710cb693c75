import { type App, readConfiguration } from '@pdaltagent/service';
import { freePort, hasJournal, JournalTap, recordingLogger, testServers, waitUntil } from '@pdaltagent/testing';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Registry } from 'prom-client';
import { createApp } from './app';
import { variables } from './configuration';

const KEY = 'R0123456789ABCDEFGHIJKLMNOPQd1a6';
const DIGEST_SECRET = 'secret of this test';

interface RunningGateway {
  readonly app: App;
  readonly amqpUrl: string;
  /** Posts an event. Resolves with its id. */
  readonly post: (event: object) => Promise<string>;
}

let folder: string;
let gateway: RunningGateway | undefined;
let tap: JournalTap | undefined;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'gateway-'));
});
afterEach(async () => {
  await tap?.close();
  tap = undefined;
  await gateway?.app.stop();
  gateway = undefined;
  await rm(folder, { recursive: true, force: true });
});

/** A gateway with a broker of its own. */
async function start(environment: Record<string, string> = {}): Promise<RunningGateway> {
  const { amqpUrl } = await testServers();
  const port = await freePort();
  const configuration = readConfiguration(variables, {
    PDAGENTD_AMQP_URL: amqpUrl,
    PDAGENTD_HTTP_PORT: String(port),
    PDAGENTD_HTTPS_PORT: '0',
    PDAGENTD_STATE_DIR: folder,
    PDAGENTD_DIGEST_SECRET: DIGEST_SECRET,
    ...environment,
  });
  const app = createApp(configuration, { logger: recordingLogger([]), metrics: new Registry() });
  await app.start();
  await waitUntil(() => app.readiness().checks.mode === 'direct', { what: 'events to go directly to the broker' });
  const post = async (event: object): Promise<string> => {
    const response = await fetch(`http://127.0.0.1:${port}/v2/enqueue`, {
      method: 'POST',
      body: JSON.stringify(event),
    });
    expect(response.status).toBe(202);
    return response.headers.get('x-pdaltagent-event-id') ?? '';
  };
  gateway = { app, amqpUrl, post };
  return gateway;
}

function eventOf(dedupKey: string, details = 'only in the body'): object {
  return {
    routing_key: KEY,
    event_action: 'trigger',
    dedup_key: dedupKey,
    payload: {
      summary: 'Disk of jane.doe@example.com is full',
      source: 'db1',
      severity: 'critical',
      custom_details: { details },
    },
  };
}

it('every accepted event is in the journal, with its key masked, its texts scrubbed, and without its body', async () => {
  const { amqpUrl, post } = await start({ PDAGENTD_SCRUB_PII: 'true' });
  tap = await JournalTap.open(amqpUrl);
  const ids = await Promise.all(Array.from({ length: 20 }, (_, index) => post(eventOf(`alert-${index}`))));
  const recorded = tap;
  await waitUntil(() => ids.every((id) => recorded.of(id).length > 0), { what: 'the journal to have every event' });
  const [fact] = recorded.of(ids[7] ?? '');
  expect(fact).toMatchObject({
    kind: 'accepted',
    group: 'events',
    type: 'v2',
    action: 'trigger',
    key: '…d1a6',
    digest: expect.stringMatching(/^[\da-f]{32}$/) as unknown,
    alert: 'alert-7',
    severity: 'critical',
    source: 'db1',
    summary: 'Disk of {{EMAIL_ADDRESS}} is full',
  });
  for (const id of ids) expect(recorded.kindsOf(id)).toEqual(['accepted']);
  const lines = recorded.lines.join('\n');
  for (const secret of [KEY, 'jane.doe', 'only in the body', 'custom_details', DIGEST_SECRET])
    expect(lines).not.toContain(secret);
});

it('the journal says when the gateway began to work directly with the broker, and when it started and stopped', async () => {
  const { amqpUrl, app } = await start();
  tap = await JournalTap.open(amqpUrl);
  await tap.find('the start of the gateway', ({ kind }) => kind === 'started');
  await tap.find('the mode of the gateway', ({ kind, mode }) => kind === 'spool-mode' && mode === 'direct');
  await app.stop();
  await tap.find('the end of the gateway', ({ kind }) => kind === 'stopped');
});

it.each([
  ['keys', { alert: 'alert-1' }, ['summary', 'source', 'severity']],
  ['none', {}, ['alert', 'summary', 'source', 'severity']],
])('with PDAGENTD_JOURNAL_TEXT=%s an event has %j and nothing of %j', async (text, has, hasNot) => {
  const { amqpUrl, post } = await start({ PDAGENTD_JOURNAL_TEXT: text });
  tap = await JournalTap.open(amqpUrl);
  const id = await post(eventOf('alert-1'));
  const fact = await tap.find('the event', (each) => each.id === id);
  expect(fact).toMatchObject({ kind: 'accepted', key: '…d1a6', ...has });
  for (const field of hasNot) expect(fact).not.toHaveProperty(field);
});

it('with PDAGENTD_JOURNAL=false nothing is declared and nothing is written', async () => {
  const { amqpUrl, post } = await start({ PDAGENTD_JOURNAL: 'false' });
  await post(eventOf('alert-1'));
  await gateway?.app.stop();
  gateway = undefined;
  expect(await hasJournal(amqpUrl)).toBe(false);
});
