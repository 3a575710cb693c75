import { type AppProcess, freePort, startApp, waitUntil } from '@pdaltagent/testing';
import { z } from 'zod';
import { type Variation, VARIATIONS } from './accept-rules.fixture';
import { Relay } from '../relay.fixture';

jest.setTimeout(180_000);

let relay: Relay;
let strict: AppProcess;
let strictUrl: string;
beforeAll(async () => {
  relay = await Relay.start('senders-accept-rules');
  const port = await freePort();
  strictUrl = `http://127.0.0.1:${port}`;
  strict = await startApp('ingest-gateway', {
    folder: relay.folder('strict'),
    env: {
      PDAGENTD_AMQP_URL: relay.broker.url,
      PDAGENTD_HTTP_PORT: String(port),
      PDAGENTD_HTTPS_PORT: '0',
      PDAGENTD_STATE_DIR: relay.folder('strict-state'),
      PDAGENTD_STRICT: 'true',
    },
  });
});
afterAll(async () => {
  await strict.stop();
  await relay.stop();
});

const refusedEvents = z.object({ events: z.array(z.object({ body: z.string() })), total: z.number() });
const responseBody = z.object({ errors: z.array(z.string()).optional() });

async function post(url: string, { path, body }: Variation) {
  const response = await fetch(url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const { errors = [] } = responseBody.parse(await response.json());
  return { isAccepted: response.status < 300, status: response.status, errors };
}

/** In groups, because one after another takes minutes. */
async function forEach<Item>(items: readonly Item[], act: (item: Item) => Promise<void>): Promise<void> {
  for (let start = 0; start < items.length; start += 20) await Promise.all(items.slice(start, start + 20).map(act));
}

it('PDAGENTD_STRICT refuses exactly the events that the simulated PagerDuty refuses', async () => {
  const differences: string[] = [];
  await forEach(VARIATIONS, async (variation) => {
    const [ours, theirs] = await Promise.all([post(strictUrl, variation), post(relay.simulatorUrl, variation)]);
    if (ours.isAccepted !== theirs.isAccepted)
      differences.push(
        `${variation.name}: ${ours.status} ${ours.errors.join()} / ${theirs.status} ${theirs.errors.join()}`,
      );
  });
  expect(differences).toEqual([]);
});

it('the gateway accepts no event that the simulated PagerDuty refuses once invalid optional parts are left out', async () => {
  await relay.control('DELETE', '/events');
  let accepted = 0;
  await forEach(VARIATIONS, async (variation) => {
    if ((await post(relay.gatewayUrl, variation)).isAccepted) accepted += 1;
  });
  await relay.startWorker();
  const answered = () =>
    relay.control('GET', '/events?limit=1').then((response) => refusedEvents.parse(response).total);
  await waitUntil(async () => (await answered()) >= accepted, { what: 'all events to arrive', timeoutMs: 90_000 });
  const { events } = refusedEvents.parse(await relay.control('GET', '/events?status=400'));
  expect(events).toEqual([]);
  expect(accepted).toBeGreaterThan(VARIATIONS.length / 2);
});
