import { waitUntil, workspaceRoot } from '@pdaltagent/testing';
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { SCENARIO_MS, STEP_MS, WebhookRelay } from './webhooks.fixture';

const STEPS = 50;

describe('pdaltagent webhooks replay', () => {
  let relay: WebhookRelay;
  let environment: Record<string, string>;

  beforeAll(async () => {
    relay = await WebhookRelay.start('e2e-replay');
    const file = path.join(relay.folder.path, 'webhooks.yaml');
    writeFileSync(file, `destinations: [{ name: tickets, url: '${relay.receiver.url}', secrets: [s3cret] }]`);
    environment = {
      PDAGENTD_AMQP_URL: relay.servers.amqpUrl,
      PDAGENTD_REDIS_URL: relay.servers.redisUrl,
      PDAGENTD_API_BASE_URL: relay.simulatorUrl,
      PDAGENTD_API_TOKEN: 'y_NbAkKc66ryYTWUXYEu',
      PDAGENTD_WEBHOOKS_FILE: file,
      PDAGENTD_WEBHOOK_DEST_URL: '',
    };
  }, SCENARIO_MS);
  afterAll(() => relay.stop());

  const command = (...words: string[]) =>
    promisify(execFile)(process.execPath, [path.join(workspaceRoot(), 'dist/apps/cli/pdaltagent.js'), ...words], {
      env: { ...process.env, ...environment },
    });
  const ids = (arrivals: readonly { readonly webhookId: string }[]) => arrivals.map(({ webhookId }) => webhookId);

  it(
    'sends delivered webhooks again, with the same ids, in the order of each incident',
    async () => {
      const createdAt = new Date(Date.now() - 1_800_000).toISOString();
      const keys = Array.from({ length: 5 }, (_, index) => `incident-${index}`);
      const spread = { createdAt, count: STEPS, spacingMs: 2_000 };
      await relay.write(keys.map((dedupKey) => ({ dedupKey, ...spread })));
      // Started afterwards, because only the first poll cycle reads such old entries.
      await Promise.all([relay.startPoller(environment), relay.startSender(environment)]);
      await relay.waitForAll();
      const first = [...relay.receiver.arrivals];
      const total = first.length;
      expect(total).toBeGreaterThanOrEqual(STEPS * keys.length);

      const words = ['--since', new Date(Date.now() - 3_600_000).toISOString(), '--destination', 'tickets', '--yes'];
      const { stdout } = await command('webhooks', 'replay', ...words);
      expect(stdout).toContain(`${total} webhooks queued for tickets`);
      await waitUntil(() => relay.receiver.arrivals.length >= 2 * total, {
        what: 'everything to come again',
        timeoutMs: STEP_MS,
      });
      const again = relay.receiver.arrivals.slice(total);
      expect(again).toHaveLength(total);
      expect(new Set(ids(again))).toEqual(new Set(ids(first)));
      const incidentOf = new Map((await relay.written()).map(({ id, incidentId }) => [id, incidentId]));
      for (const incident of new Set(incidentOf.values())) {
        const of = (arrivals: typeof again) =>
          ids(arrivals.filter(({ entryId }) => incidentOf.get(entryId) === incident));
        expect(of(again)).toEqual(of(first));
      }
    },
    SCENARIO_MS,
  );
});
