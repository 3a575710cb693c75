import { JOURNAL } from '@pdaltagent/messaging';
import { connectToBroker, openRunFolder, type RabbitMQ, type RunFolder, startRabbitMQ } from '@pdaltagent/testing';
import path from 'node:path';
import { runCli } from '../cli.fixture';

let folder: RunFolder;
let broker: RabbitMQ;

beforeAll(async () => {
  folder = openRunFolder('cli-setup-journal');
  broker = await startRabbitMQ({ folder: path.join(folder.path, 'rabbitmq'), management: true });
});
afterAll(async () => {
  await broker.stop();
  folder.remove();
});

/** The broker's URL with another user. */
function urlOf(name: string): string {
  const url = new URL(broker.url);
  url.username = name;
  url.password = `password-of-${name}`;
  return url.href;
}

async function setUp(more: Record<string, string> = {}) {
  const { code, out, error } = await runCli(['setup', '--json'], {
    PDAGENTD_AMQP_URL: broker.url,
    PDAGENTD_MANAGEMENT_URL: broker.managementUrl ?? '',
    PDAGENTD_JOURNAL: 'true',
    PDAGENTD_GATEWAY_AMQP_URL: urlOf('gateway'),
    PDAGENTD_OPERATOR_AMQP_URL: urlOf('operator'),
    ...more,
  });
  const result: unknown = JSON.parse(out);
  return { code, error, result };
}

/** Of the stream, as RabbitMQ has declared it. */
async function limitsOfStream(): Promise<string> {
  const queues = await broker.control(['list_queues', '--quiet', '--no-table-headers', 'name', 'arguments']);
  return queues.split('\n').find((line) => line.startsWith(`${JOURNAL}\t`)) ?? 'no stream';
}

async function deleteStream(): Promise<void> {
  const connection = await connectToBroker(broker.url);
  const channel = await connection.createChannel();
  await channel.deleteQueue(JOURNAL);
  await channel.deleteExchange(JOURNAL);
  await connection.close();
}

/** Why the broker refuses what a user does with the journal; undefined if it does not. */
async function refusalOf(user: string, what: 'publish' | 'consume' | 'delete'): Promise<string | undefined> {
  const connection = await connectToBroker(urlOf(user));
  const channel = await connection.createConfirmChannel();
  const refused = new Promise<string>((resolve) => channel.once('error', (error: Error) => resolve(error.message)));
  const work = async (): Promise<undefined> => {
    if (what === 'publish') {
      channel.publish(JOURNAL, '', Buffer.from('{}'));
      await channel.waitForConfirms();
    } else if (what === 'consume') {
      await channel.prefetch(1);
      await channel.consume(JOURNAL, () => undefined);
    } else await channel.deleteQueue(JOURNAL);
  };
  const done = work();
  done.catch(() => undefined);
  const result = await Promise.race([refused, done]);
  await connection.close();
  return result;
}

it('an installation of an earlier version gets the journal when setup runs again', async () => {
  await setUp({ PDAGENTD_JOURNAL: 'false' });
  expect(await limitsOfStream()).toBe('no stream');
  const { code, error, result } = await setUp();
  expect([code, error.replace(/^.* has no user of its own: .*\n/gm, '')]).toEqual([0, '']);
  expect(result).toMatchObject({
    exchanges: { declared: [JOURNAL] },
    queues: { declared: [JOURNAL] },
    journal: { state: 'ready', problem: null },
  });
  expect(await limitsOfStream()).toMatch(/"stream".*/);
});

it('a stream keeps its limits if setup runs with other ones', async () => {
  await setUp();
  const before = await limitsOfStream();
  const { code, result } = await setUp({
    PDAGENTD_JOURNAL_MAX_AGE_SECONDS: '86400',
    PDAGENTD_JOURNAL_MAX_BYTES: '100000000',
  });
  expect(code).toBe(0);
  expect(result).toMatchObject({ queues: { declared: [] }, journal: { state: 'ready' } });
  expect(await limitsOfStream()).toBe(before);
});

it('a service may write the journal, and neither read nor delete it; an operator may read it, too', async () => {
  await setUp();
  expect(await refusalOf('gateway', 'publish')).toBeUndefined();
  expect(await refusalOf('gateway', 'consume')).toMatch(/403/);
  expect(await refusalOf('gateway', 'delete')).toMatch(/403/);
  expect(await refusalOf('operator', 'publish')).toBeUndefined();
  expect(await refusalOf('operator', 'consume')).toBeUndefined();
  expect(await refusalOf('operator', 'delete')).toMatch(/403/);
});

it('a broker that refuses the stream is set up without it, and that is said', async () => {
  await setUp();
  await deleteStream();
  await broker.control(['add_user', 'limited', 'password-of-limited']);
  await broker.control(['set_user_tags', 'limited', 'administrator']);
  await broker.control(['set_permissions', 'limited', '^(?!pdaltagent\\.journal$)', '.*', '.*']);
  const { code, error, result } = await setUp({ PDAGENTD_AMQP_URL: urlOf('limited') });
  expect(code).toBe(0);
  expect(error).toMatch(/^there is no journal, RabbitMQ refuses its stream: .*\neverything else works without it/m);
  expect(result).toMatchObject({ journal: { state: 'refused' }, users: [{ user: 'gateway' }, { user: 'operator' }] });
});
