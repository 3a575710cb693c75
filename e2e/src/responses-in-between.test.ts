import { waitUntil } from '@pdaltagent/testing';
import { z } from 'zod';
import { routingKeys } from './traffic.fixture';
import { PrivateRelay } from './relay.fixture';

const [KEY = ''] = routingKeys(1);
const DETAILS = { summary: 'disk full', source: 'db1', severity: 'critical' };
const EVENT = { routing_key: KEY, event_action: 'trigger', dedup_key: 'db1/disk', payload: DETAILS };
const V1 = { service_key: KEY, event_type: 'trigger', incident_key: 'db1/disk', description: 'disk full' };
const PATHS = [
  ['/v2/enqueue', EVENT, 202],
  ['/v2/change/enqueue', { routing_key: KEY, payload: { summary: 'deployed', source: 'ci' } }, 202],
  ['/generic/2010-04-15/create_event.json', V1, 200],
  [`/integration/${KEY}/enqueue`, { title: 'disk full' }, 202],
  [`/x-ere/${KEY}`, { title: 'disk full' }, 202],
] as const;

const arrivals = z.object({
  events: z.array(z.object({ path: z.string(), status: z.number(), accepted: z.boolean() })),
});

let relay: PrivateRelay;

beforeAll(async () => {
  relay = await PrivateRelay.start('e2e-answers');
});
afterAll(() => relay.stop());

/** A proxy's page instead of PagerDuty's first two responses on this path. */
const page = (status: number, path: string) => ({
  match: { path },
  effect: {
    kind: 'status',
    status,
    body: '<html><head><title>Access blocked</title></head><body>Please log in.</body></html>',
    headers: { 'content-type': 'text/html', server: 'nginx' },
  },
  times: 2,
});

async function send(path: string, body: object): Promise<void> {
  const response = await fetch(relay.gatewayUrl + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  expect(response.ok).toBe(true);
}

it.each([200, 400, 413])(
  'an event that a proxy answers with %d and a page instead of PagerDuty is delivered afterwards, on every path',
  async (status) => {
    await relay.control('POST', '/reset');
    for (const [path] of PATHS) await relay.control('POST', '/faults', page(status, path));
    const worker = await relay.startWorker();
    await Promise.all(PATHS.map(([path, event]) => send(path, event)));
    const events = await waitUntil(
      async () => {
        const found = arrivals.parse(await relay.control('GET', '/events')).events;
        return found.filter(({ accepted }) => accepted).length === PATHS.length && found;
      },
      { what: 'the events to be delivered' },
    );
    await worker.stop();
    for (const [path, , accepted] of PATHS) {
      const responses = events.filter((event) => event.path === path);
      expect([path, ...responses.map((response) => response.status)]).toEqual([path, status, status, accepted]);
    }
    expect((await relay.queued()).dead).toBe(0);
    const lines = worker.lines.filter(({ message }) => message.includes('answered by nginx, not PagerDuty'));
    expect(lines).toMatchObject([{ status, server: 'nginx', contentType: 'text/html' }]);
    expect(JSON.stringify(worker.lines)).not.toContain('Please log in');
  },
);
