import { EVENTS, laneOf, laneQueue } from '@pdaltagent/messaging';
import { cleanEnvironment, connectToBroker, waitUntil, workspaceRoot } from '@pdaltagent/testing';
import { type ConsumeMessage } from 'amqplib';
import { spawn } from 'node:child_process';
import path from 'node:path';
import { z } from 'zod';
import { PrivateRelay } from './relay.fixture';

const KEY = '0123456789abcdef0123456789abd1a6';
const EVENTS_SENT = 20;

const count = z.object({ accepted: z.number(), delivered: z.number(), waiting: z.number(), unaccounted: z.number() });
const report = z.object({
  events: count,
  unaccounted: z.array(z.object({ id: z.string(), key: z.string(), alert: z.string() })),
  may_explain: z.array(z.string()),
});

let relay: PrivateRelay;

beforeAll(async () => {
  relay = await PrivateRelay.start('e2e-audit');
});
afterAll(() => relay.stop());

/** Runs the built command. */
async function pdaltagent(...words: string[]) {
  const file = path.join(workspaceRoot(), 'dist/apps/cli/pdaltagent.js');
  const env = {
    ...cleanEnvironment(),
    PDAGENTD_AMQP_URL: relay.broker.url,
    PDAGENTD_REDIS_URL: relay.redis.url,
    PDAGENTD_STATE_DIR: relay.folder('state'),
  };
  const child = spawn(process.execPath, [file, ...words], { env });
  let out = '';
  let error = '';
  child.stdout.on('data', (part) => (out += String(part)));
  child.stderr.on('data', (part) => (error += String(part)));
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return { code, out, error };
}

async function audit() {
  const { code, out } = await pdaltagent('audit', '--json');
  return { code, ...report.parse(JSON.parse(out)) };
}

async function send(alert: string): Promise<string> {
  const payload = { summary: `Disk of ${alert} is full`, source: 'db1', severity: 'critical' };
  const response = await fetch(`${relay.gatewayUrl}/v2/enqueue`, {
    method: 'POST',
    body: JSON.stringify({ routing_key: KEY, event_action: 'trigger', dedup_key: alert, payload }),
  });
  expect(response.status).toBe(202);
  return response.headers.get('x-pdaltagent-event-id') ?? '';
}

/** The oldest one: it is consumed and acknowledged, as a stray consumer would. */
async function deleteOneByHand(): Promise<void> {
  const connection = await connectToBroker(relay.broker.url);
  const channel = await connection.createConfirmChannel();
  await channel.prefetch(1);
  // What comes after the first one goes back when the channel is closed.
  let isTaken = false;
  await new Promise<void>((resolve, reject) => {
    const take = (message: ConsumeMessage | null): void => {
      if (message === null) reject(new Error('the lane was deleted'));
      else if (!isTaken) {
        isTaken = true;
        channel.ack(message);
        resolve();
      }
    };
    channel.consume(laneQueue(EVENTS, laneOf(EVENTS, KEY)), take, { consumerTag: 'stray' }).catch(reject);
  });
  await channel.cancel('stray');
  await channel.close();
  await connection.close();
}

it('an event that was deleted from its queue is named, every other one is accounted for and has its history', async () => {
  const ids: string[] = [];
  for (let number = 0; number < EVENTS_SENT; number += 1) ids.push(await send(`alert-${number}`));
  const [deleted = '', delivered = ''] = ids;
  expect(await audit()).toMatchObject({ code: 0, events: { accepted: EVENTS_SENT, waiting: EVENTS_SENT } });

  await deleteOneByHand();
  const expected = { id: deleted, key: '…d1a6', alert: 'alert-0' };
  await waitUntil(async () => (await audit()).code === 1, { what: 'the facts to be old enough' });
  expect(await audit()).toMatchObject({
    events: { waiting: EVENTS_SENT - 1, unaccounted: 1 },
    unaccounted: [expected],
  });

  await relay.startWorker();
  await waitUntil(async () => (await relay.respondedWith(202)) >= EVENTS_SENT - 1, { what: 'the deliveries' });
  await waitUntil(async () => (await audit()).events.delivered === EVENTS_SENT - 1, {
    what: 'the facts of the deliveries',
  });
  expect(await audit()).toMatchObject({
    code: 1,
    events: { accepted: EVENTS_SENT, delivered: EVENTS_SENT - 1, waiting: 0, unaccounted: 1 },
    unaccounted: [expected],
    may_explain: [],
  });

  const trace = await pdaltagent('trace', delivered);
  expect(trace.out).toMatch(
    /accepted by ingest-gateway on .*\n.*attempt 1: delivered, 202 after \d+ ms, by delivery-worker/,
  );
  const events = await pdaltagent('events', '--state', 'undelivered', '--json');
  expect(
    events.out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown),
  ).toMatchObject([{ id: deleted, state: 'waiting', summary: 'Disk of alert-0 is full' }]);
  expect(trace.out + events.out).not.toContain(KEY);
});
