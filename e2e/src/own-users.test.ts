import { EVENTS, laneOf } from '@pdaltagent/messaging';
import { type AppProcess, connectToBroker, waitUntil } from '@pdaltagent/testing';
import { STEP_MS } from './faults.fixture';
import { leaveAsLastRelease, queuedEvents } from './last-release.fixture';
import { type CommandResult, OwnUsers, type User, USERS } from './own-users.fixture';
import { Relay } from './relay.fixture';
import { Traffic } from './traffic.fixture';
import { WebhookRelay } from './webhooks.fixture';

/** The services only check that everything exists, so that RabbitMQ logs no refused declaration. */
const CHECKING = { PDAGENTD_TOPOLOGY: 'check' };
const NOISY = 'noisy'.padEnd(32, 'x');
const QUIET = sameLane('quiet');

let users: OwnUsers;
let relay: Relay;
let webhooks: WebhookRelay;

function sameLane(name: string): string {
  const keys = Array.from({ length: 10_000 }, (_, index) => `${name}${index}`.padEnd(32, 'x'));
  return keys.find((key) => laneOf(EVENTS, key) === laneOf(EVENTS, NOISY)) ?? '';
}

const QUEUED = queuedEvents(60);

beforeAll(async () => {
  users = await OwnUsers.start('e2e-own-users');
});
afterAll(async () => {
  await relay.stop();
  await webhooks.stop();
  await users.stop();
});

const urlOf = (user: User): string => users.urlOf(user);
const setup = (): CommandResult => users.setup();
const pdaltagent = (words: readonly string[], environment: Record<string, string> = {}): CommandResult =>
  users.pdaltagent(words, environment);

const startWorker = (env: Record<string, string> = CHECKING): Promise<AppProcess> =>
  relay.startWorker({ env: { PDAGENTD_AMQP_URL: urlOf('worker'), ...env } });

async function send(alert: string): Promise<void> {
  const payload = { summary: 'disk full', source: 'db1', severity: 'critical' };
  const body = JSON.stringify({ routing_key: QUIET, event_action: 'trigger', dedup_key: alert, payload });
  const response = await fetch(`${relay.gatewayUrl}/v2/enqueue`, { method: 'POST', body });
  expect(response.status).toBe(202);
}

async function delivered(count: number, what: string): Promise<void> {
  await waitUntil(async () => (await relay.respondedWith(202)) >= count, { what, timeoutMs: STEP_MS });
}

/** A dead letter of the last month. */
async function writeTooOld(): Promise<void> {
  const connection = await connectToBroker(users.broker.url);
  const channel = await connection.createConfirmChannel();
  channel.publish('pdaltagent.dead-letters', EVENTS.deadLetters, Buffer.from('{}'), {
    messageId: 'too-old',
    headers: { dead_reason: 'rejected', dead_at: Date.now() - 31 * 86_400_000 },
  });
  await channel.waitForConfirms();
  await connection.close();
}

it('after an update and `pdaltagent setup`, what the last release had queued is delivered by services with their own users', async () => {
  await leaveAsLastRelease(users.broker.url, QUEUED);
  const { code, out, error } = setup();
  expect([code, error]).toEqual([0, '']);
  expect(out).toMatch(/bindings of earlier versions: 160 removed/);
  await writeTooOld();
  relay = await Relay.start('e2e-own-users-relay', {
    servers: { amqpUrl: urlOf('gateway'), redisUrl: users.redis.url },
    gatewayEnv: CHECKING,
  });
  await startWorker();
  await delivered(QUEUED.length, 'what was queued to be delivered');
});

it('a dead letter that is too old is deleted by the worker', async () => {
  const [worker] = relay.workers;
  await worker?.logged(
    'the deletion',
    ({ message, tooOld }) => message === 'dead letters over a limit were deleted' && tooOld === 1,
    STEP_MS,
  );
  expect(pdaltagent(['dead-letters', 'list']).out).not.toContain('too-old');
});

it('an event that a gateway stores in its spool during an alarm is delivered after it', async () => {
  const before = await relay.respondedWith(202);
  await users.broker.setAlarm('memory', true);
  try {
    await send('during-the-alarm');
    await relay.gateway.logged('that it spools', ({ message }) => message === 'events go to the spool', STEP_MS);
  } finally {
    await users.broker.setAlarm('memory', false);
  }
  await delivered(before + 1, 'the event to be delivered');
});

it('a noisy key is parked, and delays no other key of its lane', async () => {
  await relay.control('PATCH', '/settings', { eventsPerMinuteByKey: { [NOISY]: 60 } });
  const traffic = (prefix: string, routingKey: string, alerts: number) =>
    new Traffic({
      gatewayUrl: relay.gatewayUrl,
      simulatorUrl: relay.simulatorUrl,
      alerts,
      eventsPerAlert: 10,
      routingKeys: [routingKey],
      senders: 16,
      prefix,
    });
  // More than the window of its lane.
  const noisy = traffic('noisy', NOISY, 60);
  await noisy.send();
  const [worker] = relay.workers;
  await worker?.logged('that the key is parked', ({ message }) => message.startsWith('key parked'), STEP_MS);
  const quiet = traffic('quiet', QUIET, 5);
  await quiet.send();
  await quiet.delivered(STEP_MS);
  expect(pdaltagent(['status']).out).toMatch(/^events parked +\S+ +1 key/m);
  await relay.control('PATCH', '/settings', { eventsPerMinuteByKey: { [NOISY]: null } });
  await noisy.delivered(STEP_MS);
});

it('an operator lists, traces, replays and discards dead letters, and sees every lane with its worker', async () => {
  for (const alert of ['rejected', 'discarded']) {
    await relay.control('POST', '/faults', {
      match: { action: 'trigger' },
      effect: { kind: 'status', status: 400, body: { status: 'invalid event' } },
      times: 1,
    });
    await send(alert);
    await waitUntil(() => pdaltagent(['dead-letters', 'list']).out.includes(alert), {
      what: 'the dead letter',
      timeoutMs: STEP_MS,
    });
  }
  const letters = JSON.parse(pdaltagent(['dead-letters', 'list', '--json']).out) as { id: string; alert: string }[];
  const idOf = (wanted: string) => letters.find(({ alert }) => alert === wanted)?.id ?? '';
  expect(pdaltagent(['dead-letters', 'discard', idOf('discarded'), '--yes']).code).toBe(0);
  const before = await relay.respondedWith(202);
  const replayed = pdaltagent(['dead-letters', 'replay', idOf('rejected'), '--yes']);
  expect([replayed.code, replayed.error]).toEqual([0, expect.stringContaining('1')]);
  await delivered(before + 1, 'the replayed event');
  expect(pdaltagent(['trace', 'rejected']).code).toBe(0);
  const status = pdaltagent(['status'], { PDAGENTD_EVENTS_BASE_URL: relay.simulatorUrl });
  expect(status.out).toMatch(/^events lanes +fine +1 delivery-worker heard; every lane has a worker$/m);
  expect(status.out).toMatch(/^broker +fine +RabbitMQ 3/m);
});

it('a person’s data is erased in two parts: dead letters and journal by the operator, spool and quarantine by the gateway, each of which says what the other has to do', () => {
  const words = ['dead-letters', 'erase', '--text', 'ann@example.com', '--yes'];
  const gateway = {
    PDAGENTD_AMQP_URL: urlOf('gateway'),
    PDAGENTD_STATE_DIR: relay.folder('state'),
  };
  const asGateway = pdaltagent(words, gateway);
  expect(asGateway.code).toBe(1);
  expect(asGateway.error).toMatch(
    /^0 events in the spool found, 0 erased\n0 events in the quarantine found, 0 erased\n/,
  );
  expect(asGateway.error).toContain(
    "dead letters (webhooks) were not searched: user 'pdaltagent-gateway' of RabbitMQ may not configure the queue 'pdaltagent.webhooks.dead-letters.in-use'",
  );
  expect(asGateway.error).toContain(
    'exec deployment/operator -- pdaltagent dead-letters erase --only dead-letters journal …',
  );
  const asOperator = pdaltagent(words);
  expect([asOperator.code, asOperator.error]).toEqual([
    1,
    expect.stringContaining('exec ingest-gateway-0 -- pdaltagent dead-letters erase --only spool quarantine …'),
  ]);
  expect(pdaltagent([...words, '--only', 'spool', 'quarantine'], gateway).code).toBe(0);
  expect(pdaltagent([...words, '--only', 'dead-letters', 'journal']).code).toBe(0);
});

it('webhooks are polled, queued and sent', async () => {
  webhooks = await WebhookRelay.start('e2e-own-users-webhooks', {
    amqpUrl: users.broker.url,
    redisUrl: users.redis.url,
  });
  await Promise.all([
    webhooks.startPoller({ ...CHECKING, PDAGENTD_AMQP_URL: urlOf('poller') }),
    webhooks.startSender({ ...CHECKING, PDAGENTD_AMQP_URL: urlOf('sender') }),
  ]);
  const createdAt = new Date(Date.now() - 60_000).toISOString();
  await webhooks.write([{ dedupKey: 'db1/disk', createdAt, count: 20, spacingMs: 1_000 }]);
  await webhooks.waitForAll();
});

it('nothing of this was refused, but to erase dead letters and the journal as the gateway', async () => {
  const expected =
    /'pdaltagent\.((events|webhooks)\.dead-letters\.in-use|journal)' .* refused for user 'pdaltagent-gateway'/;
  expect((await users.refusals()).filter((line) => !expected.test(line))).toEqual([]);
});

describe('each user is refused what is not its business', () => {
  type Action = (channel: Awaited<ReturnType<typeof openChannel>>['channel']) => Promise<unknown>;

  async function openChannel(user: User) {
    const connection = await connectToBroker(urlOf(user));
    const channel = await connection.createConfirmChannel();
    return { connection, channel };
  }

  const publish =
    (exchange: string, key: string): Action =>
    async (channel) => {
      channel.publish(exchange, key, Buffer.from('{}'));
      await channel.waitForConfirms();
    };
  const consume =
    (queue: string): Action =>
    (channel) =>
      channel.consume(queue, () => undefined);
  const get =
    (queue: string): Action =>
    (channel) =>
      channel.get(queue);
  const declare =
    (queue: string): Action =>
    (channel) =>
      channel.assertQueue(queue);
  const remove =
    (queue: string): Action =>
    (channel) =>
      channel.deleteQueue(queue);

  it.each<[User, string, Action]>([
    ['gateway', 'to read dead letters', consume('pdaltagent.events.dead-letters')],
    ['gateway', 'to read a lane', get('pdaltagent.events.lane.07')],
    ['gateway', 'to forge a table of parked keys', publish('pdaltagent.events.parking', '07.table')],
    ['gateway', 'to forge it through the default exchange', publish('', 'pdaltagent.events.lane.07.table')],
    ['gateway', 'to publish webhooks', publish('pdaltagent.webhooks', '07')],
    ['gateway', 'to announce itself as a worker', publish('pdaltagent.status', '')],
    ['gateway', 'to declare a queue', declare('pdaltagent.events.lane.99')],
    ['gateway', 'to delete a lane', remove('pdaltagent.events.lane.07')],
    ['worker', 'to read webhooks', get('pdaltagent.webhooks.lane.07')],
    ['worker', 'to read dead webhooks', consume('pdaltagent.webhooks.dead-letters')],
    ['worker', 'to write dead webhooks', publish('pdaltagent.webhooks.dead', 'pdaltagent.webhooks.dead-letters')],
    [
      'worker',
      'to write them as RabbitMQ does',
      publish('pdaltagent.dead-letters', 'pdaltagent.webhooks.dead-letters'),
    ],
    ['worker', 'to publish webhooks', publish('pdaltagent.webhooks', '07')],
    ['worker', 'to publish through the default exchange', publish('', 'pdaltagent.webhooks.lane.07')],
    ['worker', 'to declare a queue', declare('pdaltagent.events.lane.99')],
    ['worker', 'to delete a lane', remove('pdaltagent.events.lane.07')],
    ['poller', 'to read webhooks', get('pdaltagent.webhooks.lane.07')],
    ['poller', 'to read dead webhooks', consume('pdaltagent.webhooks.dead-letters')],
    ['poller', 'to publish events', publish('pdaltagent.events', '07')],
    ['poller', 'to declare a queue', declare('anything')],
    ['sender', 'to read events', get('pdaltagent.events.lane.07')],
    ['sender', 'to read dead events', consume('pdaltagent.events.dead-letters')],
    ['sender', 'to write dead events', publish('pdaltagent.events.dead', 'pdaltagent.events.dead-letters')],
    ['sender', 'to write them as RabbitMQ does', publish('pdaltagent.dead-letters', 'pdaltagent.events.dead-letters')],
    ['sender', 'to publish events', publish('pdaltagent.events', '07')],
    ['operator', 'to read a lane', get('pdaltagent.events.lane.07')],
    ['operator', 'to forge a table of parked keys', publish('pdaltagent.events.parking', '07.table')],
    ['operator', 'to delete dead letters with their queue', remove('pdaltagent.events.dead-letters')],
  ])('%s: %s', async (user, _what, action) => {
    const { connection, channel } = await openChannel(user);
    const closed = new Promise<Error>((resolve) => channel.once('error', resolve));
    await action(channel).catch(() => undefined);
    expect((await closed).message).toContain('ACCESS_REFUSED');
    await connection.close();
  });

  it('no user may use the management API', async () => {
    for (const user of USERS) {
      const { username, password } = new URL(urlOf(user));
      const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
      const response = await fetch(`${users.broker.managementUrl}/api/queues`, { headers: { authorization } });
      expect(response.status).toBe(401);
    }
  });
});

describe('a service that lacks something says what, and goes on once `pdaltagent setup` was run', () => {
  it('a permission', async () => {
    await users.broker.control(['set_permissions', 'pdaltagent-gateway', '^$', '^$', '^$']);
    await relay.gateway.restart();
    const before = await relay.respondedWith(202);
    await send('without-permission');
    await relay.gateway.logged(
      'the missing permission',
      (line) =>
        JSON.stringify(line).includes(
          "user 'pdaltagent-gateway' of RabbitMQ may not write the exchange 'pdaltagent.events' in the virtual host '/': `pdaltagent setup` grants it",
        ),
      STEP_MS,
    );
    expect(setup().code).toBe(0);
    await delivered(before + 1, 'the event to be delivered');
  });

  it('an exchange', async () => {
    const connection = await connectToBroker(users.broker.url);
    await (await connection.createChannel()).deleteExchange('pdaltagent.replies');
    await connection.close();
    const [worker] = relay.workers;
    const restarting = worker?.restart();
    await worker?.logged(
      'the missing exchange',
      ({ error }) =>
        error === "RabbitMQ has no exchange 'pdaltagent.replies' in vhost '/': `pdaltagent setup` declares it",
      STEP_MS,
    );
    expect(setup().code).toBe(0);
    await restarting;
  });

  it('a service that tries to declare, and may not, works as one that only checks', async () => {
    await relay.workers[0]?.stop();
    await startWorker({});
    const before = await relay.respondedWith(202);
    await send('declaring');
    await delivered(before + 1, 'the event to be delivered');
  });
});
