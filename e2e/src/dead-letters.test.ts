import { cleanEnvironment, freePort, waitUntil, workspaceRoot } from '@pdaltagent/testing';
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { z } from 'zod';
import { Relay } from './relay.fixture';

const KEY = '0123456789abcdef0123456789abd1a6';
const incidents = z.object({ incidents: z.array(z.object({ status: z.string() })) });

let relay: Relay;
let redisUrl: string;

beforeAll(async () => {
  relay = await Relay.start('e2e-dead-letters');
  redisUrl = relay.redis.url;
});
afterAll(() => relay.stop());

/** Runs the built command and returns its output. */
function pdaltagent(...words: string[]) {
  const file = path.join(workspaceRoot(), 'dist/apps/cli/pdaltagent.js');
  const env = {
    ...cleanEnvironment(),
    PDAGENTD_AMQP_URL: relay.broker.url,
    PDAGENTD_REDIS_URL: redisUrl,
  };
  const { status, stdout, stderr } = spawnSync(process.execPath, [file, ...words], { env, encoding: 'utf8' });
  return { code: status, out: stdout, error: stderr };
}

async function send(action: string): Promise<void> {
  const payload = { summary: 'disk full', source: 'db1', severity: 'critical' };
  const response = await fetch(`${relay.gatewayUrl}/v2/enqueue`, {
    method: 'POST',
    body: JSON.stringify({ routing_key: KEY, event_action: action, dedup_key: 'db1/disk', payload }),
  });
  expect(response.status).toBe(202);
}

/** Whether there is a dead letter whose alert is recorded. */
function isWatched(): boolean {
  const letters = z.array(z.object({ went_on: z.object({ known: z.boolean() }) }));
  const { out } = pdaltagent('dead-letters', 'list', '--json');
  return letters.parse(JSON.parse(out)).some(({ went_on: { known } }) => known);
}

const delivered = (count: number) =>
  waitUntil(async () => (await relay.respondedWith(202)) === count, { what: `${count} events to be delivered` });

it('replaying a dead trigger opens no incident if its resolve was delivered since by another worker', async () => {
  const first = await relay.startWorker();
  await relay.control('POST', '/faults', {
    match: { action: 'trigger' },
    effect: { kind: 'status', status: 400, body: { status: 'invalid event' } },
    times: 1,
  });
  await send('trigger');
  await waitUntil(() => Promise.resolve(isWatched()), { what: 'the dead letter' });
  await first.kill();
  const second = await relay.startWorker();
  await send('resolve');
  await delivered(1);
  await second.stop();

  const { out, error, code } = pdaltagent('dead-letters', 'replay', '--all');
  expect(out).toMatch(
    /trigger .* db1\/disk .* skipped: superseded; the alert has progressed: resolve delivered at \S+Z\n/,
  );
  expect(error).toContain('--superseded sends them');
  expect(code).toBe(0);
  expect(pdaltagent('dead-letters', 'list').out).toMatch(/ db1\/disk +resolve /);

  expect(pdaltagent('dead-letters', 'replay', '--all', '--superseded')).toMatchObject({
    code: 0,
    error: '1 of 1 dead letter replayed\n',
  });
  await relay.startWorker();
  await delivered(2);
  const found = incidents.parse(await relay.control('GET', '/incidents'));
  expect(found.incidents.map(({ status }) => status)).toEqual(['triggered']);
  redisUrl = `redis://127.0.0.1:${await freePort()}`;
  expect(pdaltagent('dead-letters', 'list')).toMatchObject({
    code: 0,
    error: 'Redis is unreachable: later progress of alerts is unknown\nno dead letters\n',
  });
});
