import { type OutgoingMessage } from '@pdaltagent/messaging';
import { type Environment, type Logger, readConfiguration } from '@pdaltagent/service';
import { parseDestinations, parseLogEntry } from '@pdaltagent/webhooks';
import { Registry } from 'prom-client';
import { variables } from './configuration';
import { WebhookPublisher } from './webhook-publisher';
import { createScrub } from './scrubbing';
import { UnconvertibleEntries } from './unconvertible-entries';

let metrics: Registry;
let warnings: string[];
beforeEach(() => {
  metrics = new Registry();
  warnings = [];
});

const log: Logger = {
  error: () => undefined,
  warn: (message) => void warnings.push(message),
  info: () => undefined,
  debug: () => undefined,
  child: () => log,
  close: () => Promise.resolve(),
};
const scrubOf = (environment: Environment) => createScrub(readConfiguration(variables, environment), metrics, log);
const [destination] = parseDestinations('https://hooks.example.net/pd') ?? [];

async function published(environment: Environment): Promise<string> {
  const bodies: string[] = [];
  const webhookPublisher = new WebhookPublisher({
    publisher: { publish: ({ body }: OutgoingMessage) => Promise.resolve(void bodies.push(body.toString())) },
    destinations: () => (destination === undefined ? [] : [destination]),
    config: {},
    scrub: scrubOf(environment),
  });
  const entry = parseLogEntry({
    id: 'R1',
    type: 'annotate_log_entry',
    incident: { id: 'PINC001', title: 'jane@example.com cannot log in' },
    channel: { type: 'note', summary: 'called +1 415 555 0132' },
  });
  if (entry === null) throw new Error('it is an entry');
  await webhookPublisher.publish(entry, false);
  return bodies.join();
}

it('leaves webhooks unchanged unless it is enabled', async () => {
  expect(await published({})).toContain('jane@example.com');
  expect(warnings).toEqual([]);
});

it('removes personal data from webhooks before they are queued, and counts it by kind', async () => {
  const body = await published({ PDAGENTD_SCRUB_WEBHOOKS: 'true' });
  expect(body).toContain('{{EMAIL_ADDRESS}} cannot log in');
  expect(body).not.toMatch(/jane@|555 0132/);
  expect(body).toContain('"id":"R1"');
  expect(await metrics.metrics()).toMatch(/pdaltagent_poller_scrubbed_total\{kind="PHONE"\} 1/);
  expect(warnings).toEqual([
    'personal data in keys of incidents and alerts is not replaced: PDAGENTD_SCRUB_SECRET is not set',
  ]);
});

it('removes it from dead-lettered entries too', async () => {
  const bodies: string[] = [];
  const send = (_exchange: string, _key: string, body: Buffer) => Promise.resolve(void bodies.push(body.toString()));
  await new UnconvertibleEntries({ send }, scrubOf({ PDAGENTD_SCRUB_WEBHOOKS: 'on' })).deadLetter(
    'x',
    '["jane@example.com"]',
    'odd',
  );
  expect(bodies).toEqual(['["{{EMAIL_ADDRESS}}"]']);
});

it('rejects an unknown detector at once, naming the variable', () => {
  const wrong = { PDAGENTD_SCRUB_WEBHOOKS: 'true', PDAGENTD_SCRUB_DETECTORS: 'emial' };
  expect(() => scrubOf(wrong)).toThrow(/PDAGENTD_SCRUB_DETECTORS: .*emial/);
});
