import { EVENTS, laneKey, sidingKey, tableKey } from '@pdaltagent/messaging';
import { PERMISSIONS } from '@pdaltagent/operations';
import { connectToBroker, openRunFolder, type RabbitMQ, type RunFolder, startRabbitMQ } from '@pdaltagent/testing';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { declareTopologies, runCli } from '../cli.fixture';

let folder: RunFolder;
let broker: RabbitMQ;

beforeAll(async () => {
  folder = openRunFolder('cli-setup');
  broker = await startRabbitMQ({ folder: path.join(folder.path, 'rabbitmq'), management: true });
});
afterAll(async () => {
  await broker.stop();
  folder.remove();
});

/** The broker's URL with another user. */
function urlOf(name: string, password: string): string {
  const url = new URL(broker.url);
  url.username = name;
  url.password = password;
  return url.href;
}

const environment = (more: Record<string, string> = {}) => ({
  PDAGENTD_AMQP_URL: broker.url,
  PDAGENTD_JOURNAL: 'true',
  PDAGENTD_MANAGEMENT_URL: broker.managementUrl ?? '',
  ...more,
});

const users = (password: string) => ({
  PDAGENTD_GATEWAY_AMQP_URL: urlOf('gateway', password),
  PDAGENTD_WORKER_AMQP_URL: urlOf('worker', password),
  PDAGENTD_POLLER_AMQP_URL: urlOf('poller', password),
  PDAGENTD_SENDER_AMQP_URL: urlOf('sender', password),
  PDAGENTD_OPERATOR_AMQP_URL: urlOf('operator', password),
});

async function canConnect(url: string): Promise<boolean> {
  const connection = await connectToBroker(url).catch(() => undefined);
  await connection?.close();
  return connection !== undefined;
}

/** Whether a message of an administrator is routed to a queue. */
async function isRouted(exchange: string, key: string): Promise<boolean> {
  const connection = await connectToBroker(broker.url);
  const channel = await connection.createConfirmChannel();
  let isReturned = false;
  channel.on('return', () => (isReturned = true));
  channel.publish(exchange, key, Buffer.from(''), { mandatory: true });
  await channel.waitForConfirms();
  await connection.close();
  return !isReturned;
}

it('declares everything and creates the users, changes nothing if repeated, and prints no password', async () => {
  const first = await runCli(['setup', '--json'], environment(users('pass-of-the-services')));
  expect([first.code, first.error]).toEqual([0, '']);
  const result: unknown = JSON.parse(first.out);
  expect(result).toMatchObject({
    virtual_host: '/',
    exchanges: { total: 10, declared: expect.arrayContaining(['pdaltagent.events', 'pdaltagent.journal']) as unknown },
    queues: { declared: expect.arrayContaining(['pdaltagent.journal']) as unknown },
    journal: { state: 'ready', problem: null },
    users: [
      { role: 'ingest-gateway', user: 'gateway', account: 'created', ...PERMISSIONS['ingest-gateway'] },
      { role: 'delivery-worker', user: 'worker', account: 'created', permissions: 'set' },
      { role: 'log-poller', user: 'poller' },
      { role: 'webhook-sender', user: 'sender' },
      { role: 'operator', user: 'operator' },
    ],
    without_user: [],
  });
  expect(await broker.control(['list_users', '--quiet', '--no-table-headers'])).toMatch(/^gateway\t\[\]$/m);
  expect(await broker.control(['list_permissions', '--quiet', '--no-table-headers'])).toContain(
    ['gateway', '^$', '^(pdaltagent\\.events|pdaltagent\\.journal)$', '^$'].join('\t'),
  );
  for (const url of Object.values(users('pass-of-the-services'))) expect(await canConnect(url)).toBe(true);

  const second = await runCli(['setup'], environment(users('pass-of-the-services')));
  expect(second).toMatchObject({ code: 0, error: '' });
  expect(second.out).toMatch(
    /^exchanges: 10, of which 0 were declared now\nqueues: \d+, of which 0 were declared now$/m,
  );
  expect(second.out).toMatch(/^user gateway +for ingest-gateway +unchanged +permissions unchanged$/m);
  expect(second.out).not.toMatch(/created|password changed|permissions set/);
  for (const { out } of [first, second]) expect(out).not.toContain('pass-of-the-services');
});

it('takes a new password from its file, corrects permissions, and takes rights away that a user should not have', async () => {
  const file = path.join(folder.path, 'worker-url');
  writeFileSync(file, `${urlOf('worker', 'new-password')}\n`);
  await broker.control(['set_permissions', 'worker', '.*', '.*', '.*']);
  await broker.control(['set_user_tags', 'gateway', 'administrator']);
  const { code, out, error } = await runCli(
    ['setup'],
    environment({
      PDAGENTD_WORKER_AMQP_URL_FILE: file,
      PDAGENTD_GATEWAY_AMQP_URL: urlOf('gateway', 'pass-of-the-services'),
    }),
  );
  expect(code).toBe(0);
  expect(out).toMatch(/^user gateway +for ingest-gateway +tags removed +permissions unchanged$/m);
  expect(out).toMatch(/^user worker +for delivery-worker +password changed +permissions set$/m);
  expect(error).toContain('log-poller has no user of its own: PDAGENTD_POLLER_AMQP_URL is not set\n');
  expect(await canConnect(urlOf('worker', 'new-password'))).toBe(true);
  expect(await canConnect(urlOf('worker', 'pass-of-the-services'))).toBe(false);
  expect(out + error).not.toContain('new-password');
});

it('removes the bindings through which a gateway could forge which keys are parked', async () => {
  // As services declare them, which may run beside those of earlier versions.
  await declareTopologies(broker.url);
  expect(await isRouted(EVENTS.exchange, tableKey(7))).toBe(true);
  const { out } = await runCli(['setup'], environment());
  expect(out).toContain('bindings of earlier versions: 208 removed');
  for (const key of [tableKey(7), sidingKey(7, 0)]) {
    expect(await isRouted(EVENTS.exchange, key)).toBe(false);
    expect(await isRouted(`${EVENTS.exchange}.parking`, key)).toBe(true);
  }
  expect(await isRouted(EVENTS.exchange, laneKey(7))).toBe(true);
});

describe('reports what is missing', () => {
  it.each<[string, () => Record<string, string>, number, RegExp]>([
    [
      'the management API',
      () => environment({ PDAGENTD_MANAGEMENT_URL: 'http://127.0.0.1:1' }),
      1,
      /management API at http:\/\/127\.0\.0\.1:1 is unreachable \(ECONNREFUSED\): enable it .* or set PDAGENTD_MANAGEMENT_URL/,
    ],
    [
      'the right password',
      () => environment({ PDAGENTD_AMQP_URL: urlOf('pdaltagent', 'wrong-password') }),
      1,
      /refuses user "pdaltagent" \(401, whoami\): it needs the right password/,
    ],
    [
      'an administrator',
      () => environment({ PDAGENTD_AMQP_URL: urlOf('worker', 'new-password') }),
      1,
      /refuses user "worker"|user "worker" of RabbitMQ is no administrator/,
    ],
    [
      'the virtual host',
      () => environment({ PDAGENTD_AMQP_URL: `${broker.url}/elsewhere` }),
      1,
      /does the virtual host "elsewhere" exist/,
    ],
    [
      'a user of its own for each service',
      () => environment({ PDAGENTD_GATEWAY_AMQP_URL: broker.url, PDAGENTD_WORKER_AMQP_URL: 'amqp://rabbitmq:5672' }),
      78,
      /PDAGENTD_GATEWAY_AMQP_URL has the user "pdaltagent", as PDAGENTD_AMQP_URL: .*\n.*PDAGENTD_WORKER_AMQP_URL has no user or no password/,
    ],
    [
      'the same virtual host',
      () => environment({ PDAGENTD_GATEWAY_AMQP_URL: `${urlOf('gateway', 'pass')}/elsewhere` }),
      78,
      /PDAGENTD_GATEWAY_AMQP_URL has the virtual host "elsewhere", but PDAGENTD_AMQP_URL has "\/"/,
    ],
  ])('%s', async (_what, of, exitCode, problem) => {
    const { code, out, error } = await runCli(['setup'], of());
    expect([code, out]).toEqual([exitCode, '']);
    expect(error).toMatch(problem);
    expect(error).not.toMatch(/wrong-password|new-password/);
  });

  it('the permission to declare, of an administrator', async () => {
    await broker.control(['add_user', 'reader', 'reader-password']);
    await broker.control(['set_user_tags', 'reader', 'administrator']);
    await broker.control(['set_permissions', 'reader', '^$', '.*', '.*']);
    const { code, error } = await runCli(
      ['setup'],
      environment({ PDAGENTD_AMQP_URL: urlOf('reader', 'reader-password') }),
    );
    expect(code).toBe(1);
    expect(error).toContain('the user of PDAGENTD_AMQP_URL may not declare exchanges and queues');
  });
});
