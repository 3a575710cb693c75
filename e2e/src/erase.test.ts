import {
  cleanEnvironment,
  FaultProxy,
  freePort,
  startApp,
  testServers,
  waitUntil,
  workspaceRoot,
} from '@pdaltagent/testing';
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { Relay } from './relay.fixture';

const KEY = '0123456789abcdef0123456789abd1a6';
const PERSON = 'ann@example.com';
const recorded = z.object({ events: z.array(z.unknown()) });

let relay: Relay;
let proxy: FaultProxy;
let stateFolder: string;
let brokerUrl: string;

beforeAll(async () => {
  const { amqpUrl, redisUrl } = await testServers();
  brokerUrl = amqpUrl;
  proxy = await FaultProxy.start(amqpUrl);
  relay = await Relay.start('e2e-erase', { servers: { amqpUrl: proxy.url(amqpUrl), redisUrl } });
  stateFolder = relay.folder('state');
});
afterAll(async () => {
  await relay.stop();
  await proxy.stop();
});

/** Runs the built command; it reaches the broker although the gateway does not. */
async function erase(...words: string[]) {
  const file = path.join(workspaceRoot(), 'dist/apps/cli/pdaltagent.js');
  const env = { ...cleanEnvironment(), PDAGENTD_AMQP_URL: brokerUrl, PDAGENTD_STATE_DIR: stateFolder };
  const child = spawn(process.execPath, [file, 'dead-letters', 'erase', ...words], { env });
  let out = '';
  let error = '';
  child.stdout.on('data', (part) => (out += String(part)));
  child.stderr.on('data', (part) => (error += String(part)));
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return { code, out, error };
}

async function send(alert: string, details: string): Promise<void> {
  const payload = { summary: 'login', source: 'db1', severity: 'critical', custom_details: { details } };
  const response = await fetch(`${relay.gatewayUrl}/v2/enqueue`, {
    method: 'POST',
    body: JSON.stringify({ routing_key: KEY, event_action: 'trigger', dedup_key: alert, payload }),
  });
  expect(response.status).toBe(202);
}

function isOnDisk(text: string): boolean {
  const folder = path.join(stateFolder, 'spool');
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .some((entry) => readFileSync(path.join(entry.parentPath, entry.name)).includes(text));
}

it('a running gateway erases a person’s events from its spool: they are not on its disk any more, and only the others are sent', async () => {
  await proxy.inject({ kind: 'down' });
  for (let number = 0; number < 40; number += 1)
    await send(`alert-${number}`, number % 2 === 0 ? `by ${PERSON}` : `by somebody else ${number}`);
  expect(isOnDisk(PERSON)).toBe(true);

  const counted = await erase('--text', PERSON.toUpperCase(), '--dry-run', '--json');
  expect(counted).toMatchObject({ code: 0 });
  expect(JSON.parse(counted.out)).toMatchObject({
    spool: { found: 20, erased: 0, problems: [] },
    quarantine: { found: 0, erased: 0, problems: [] },
  });
  expect(isOnDisk(PERSON)).toBe(true);

  const erased = await erase('--text', PERSON, '--yes');
  expect(erased).toMatchObject({ code: 0, out: '' });
  expect(erased.error).toMatch(
    /^20 events in the spool found, 20 erased\n0 events in the quarantine found, 0 erased\n/,
  );
  expect(isOnDisk(PERSON)).toBe(false);
  expect(isOnDisk('somebody else 1')).toBe(true);
  const audit = relay.gateway.lines.filter(({ message }) => message.includes('an operator searched the spool'));
  expect(audit).toEqual([
    expect.objectContaining({ by: 'text', dryRun: true, found: 20, erased: 0 }),
    expect.objectContaining({ by: 'text', dryRun: false, found: 20, erased: 20 }),
  ]);
  expect(JSON.stringify(relay.gateway.lines).toLowerCase()).not.toContain(PERSON);

  await proxy.inject({ kind: 'none' });
  await relay.startWorker({ env: { PDAGENTD_AMQP_URL: brokerUrl } });
  await waitUntil(async () => (await relay.respondedWith(202)) >= 20, { what: 'the other events to be delivered' });
  const { events } = recorded.parse(await relay.control('GET', '/events'));
  expect(JSON.stringify(events)).not.toContain(PERSON);
  expect(events).toHaveLength(20);
  // Its counts are right: the lane is in direct mode again.
  await waitUntil(
    async () => {
      const text = await (await fetch(`${relay.gateway.url}/metrics`)).text();
      return /^pdaltagent_gateway_spool_entries 0$/m.test(text) && /_mode{mode="direct"} 1$/m.test(text);
    },
    { what: 'the spool to be empty' },
  );
});

it('without a gateway that runs, the spool is reported as not searched', async () => {
  const folder = relay.folder('stopped');
  const gateway = await startApp('ingest-gateway', {
    folder,
    env: {
      PDAGENTD_AMQP_URL: brokerUrl,
      PDAGENTD_HTTP_PORT: String(await freePort()),
      PDAGENTD_HTTPS_PORT: '0',
      PDAGENTD_STATE_DIR: folder,
    },
  });
  await gateway.kill();
  const before = stateFolder;
  stateFolder = folder;
  const { code, error } = await erase('--dedup-key', 'alert-1', '--yes');
  stateFolder = before;
  expect(code).toBe(1);
  expect(error).toContain('no gateway is using the spools in');
});
