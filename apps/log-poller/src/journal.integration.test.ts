import { type App, readConfiguration } from '@pdaltagent/service';
import { JournalTap, LogEntriesServer, recordingLogger, testServers, waitUntil } from '@pdaltagent/testing';
import { Registry } from 'prom-client';
import { createApp } from './app';
import { variables } from './configuration';

const TOKEN = 'y_NbAkKc66ryYTWUXYEu';

let server: LogEntriesServer;
let app: App | undefined;
let tap: JournalTap | undefined;

beforeEach(async () => {
  server = new LogEntriesServer();
  await server.start();
});
afterEach(async () => {
  await tap?.close();
  await app?.stop();
  await server.stop();
});

/** A poller with a broker and a Redis of its own. */
async function start(environment: Record<string, string> = {}): Promise<JournalTap> {
  const { amqpUrl, redisUrl } = await testServers();
  const configuration = readConfiguration(variables, {
    PDAGENTD_AMQP_URL: amqpUrl,
    PDAGENTD_REDIS_URL: redisUrl,
    PDAGENTD_API_BASE_URL: server.url,
    PDAGENTD_API_TOKEN: TOKEN,
    PDAGENTD_WEBHOOK_DEST_URL: 'http://receiver.test/hook?token=hidden',
    PDAGENTD_POLLING_INTERVAL_SECONDS: '1',
    ...environment,
  });
  app = createApp(configuration, { logger: recordingLogger([]), metrics: new Registry() });
  await app.start();
  return (tap = await JournalTap.open(amqpUrl));
}

it('the journal has what was polled, and each webhook that was made of it, without its content', async () => {
  const journal = await start();
  server.add(3, () => ({ incident: { id: 'PINCIDENT', title: 'only in the log entry' } }));
  const accepted = () => journal.facts.filter(({ kind }) => kind === 'accepted');
  await waitUntil(() => accepted().length >= 3, { what: 'the journal to have the webhooks' });
  for (const fact of accepted())
    expect(fact).toMatchObject({
      group: 'webhooks',
      type: 'webhook',
      alert: 'PINCIDENT',
      bytes: expect.any(Number) as unknown,
    });
  await journal.find('the window', ({ kind, entries }) => kind === 'polled' && Number(entries) > 0);
  const lines = journal.lines.join('\n');
  for (const secret of ['only in the log entry', TOKEN, 'hidden']) expect(lines).not.toContain(secret);
});

it('with PDAGENTD_JOURNAL_TEXT=none a webhook does not name its incident', async () => {
  const journal = await start({ PDAGENTD_JOURNAL_TEXT: 'none' });
  server.add(1, () => ({ incident: { id: 'PINCIDENT' } }));
  expect(await journal.find('the webhook', ({ kind }) => kind === 'accepted')).not.toHaveProperty('alert');
  expect(journal.lines.join('\n')).not.toContain('PINCIDENT');
});
