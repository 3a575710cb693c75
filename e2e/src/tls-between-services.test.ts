import {
  type AppProcess,
  cleanEnvironment,
  freePort,
  openRunFolder,
  type RabbitMQ,
  type Redis,
  type RunFolder,
  startApp,
  startRabbitMQ,
  startRedis,
  TestAuthority,
  waitUntil,
  workspaceRoot,
} from '@pdaltagent/testing';
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { z } from 'zod';
import { Relay } from './relay.fixture';
import { routingKeys } from './traffic.fixture';

const [KEY = ''] = routingKeys(1);
const EVENT = {
  routing_key: KEY,
  event_action: 'trigger',
  dedup_key: 'db1/disk',
  payload: { summary: 'disk full', source: 'db1', severity: 'critical' },
};

let folder: RunFolder;
let authority: TestAuthority;
let broker: RabbitMQ;
let redis: Redis;
/** With TLS, the name localhost. */
let urls: { readonly amqpUrl: string; readonly redisUrl: string };

beforeAll(async () => {
  folder = openRunFolder('e2e-tls-servers');
  authority = await TestAuthority.create(path.join(folder.path, 'authority'));
  const tls = await authority.issue('localhost');
  [broker, redis] = await Promise.all([
    startRabbitMQ({ folder: path.join(folder.path, 'rabbitmq'), tls }),
    startRedis({ folder: path.join(folder.path, 'redis'), tls }),
  ]);
  urls = { amqpUrl: broker.tlsUrl ?? '', redisUrl: redis.tlsUrl ?? '' };
});
afterAll(async () => {
  await Promise.all([broker.stop(), redis.stop()]);
  folder.remove();
});

const ADVICE = 'the certificate of the server is not trusted; add its authority to PDAGENTD_CA_FILE';

const passwords = () => [urls.amqpUrl, urls.redisUrl].map((url) => new URL(url).password);

function expectNoPasswords(...logs: string[]): void {
  for (const log of logs) for (const password of passwords()) expect(log).not.toContain(password);
}

const readinessReport = z.object({ checks: z.record(z.string(), z.string()) });

async function checksOf({ url = '' }: AppProcess): Promise<Record<string, string>> {
  return readinessReport.parse(await (await fetch(`${url}/readyz`)).json()).checks;
}

const logOf = ({ lines }: AppProcess) => JSON.stringify(lines);

it('an event reaches PagerDuty through a RabbitMQ and a Redis with TLS, whose authority is in PDAGENTD_CA_FILE', async () => {
  const PDAGENTD_CA_FILE = authority.file;
  const relay = await Relay.start('e2e-tls', { servers: urls, gatewayEnv: { PDAGENTD_CA_FILE } });
  try {
    const worker = await relay.startWorker({ env: { PDAGENTD_CA_FILE } });
    const response = await fetch(`${relay.gatewayUrl}/v2/enqueue`, { method: 'POST', body: JSON.stringify(EVENT) });
    expect(response.status).toBe(202);
    await waitUntil(async () => (await relay.respondedWith(202)) === 1, { what: 'the delivery', timeoutMs: 120_000 });
    // The gateway did not use its spool, and the worker has Redis.
    expect(await checksOf(relay.gateway)).toMatchObject({ broker: 'connected', mode: 'direct' });
    await waitUntil(async () => (await checksOf(worker))['redis'] === 'connected', { what: 'Redis' });
    expect(statusOf({ PDAGENTD_CA_FILE })).toMatch(/^broker +fine[^]*^redis +fine/m);
    expectNoPasswords(logOf(relay.gateway), logOf(worker));
  } finally {
    await relay.stop();
  }
});

describe('without the authority', () => {
  it('a gateway stores events in its spool, and logs which setting is missing', async () => {
    const gateway = await startApp('ingest-gateway', {
      folder: path.join(folder.path, 'gateway'),
      env: {
        PDAGENTD_AMQP_URL: urls.amqpUrl,
        PDAGENTD_HTTP_PORT: String(await freePort()),
        PDAGENTD_HTTPS_PORT: '0',
        PDAGENTD_STATE_DIR: path.join(folder.path, 'state'),
      },
    });
    try {
      await waitUntil(() => logOf(gateway).includes(ADVICE), { what: 'the warning', timeoutMs: 60_000 });
      expect(await checksOf(gateway)).toMatchObject({ broker: 'unreachable' });
      expectNoPasswords(logOf(gateway));
    } finally {
      await gateway.stop();
    }
  });

  it('a worker connects to neither server, and logs which setting is missing', async () => {
    const worker = await startApp('delivery-worker', {
      folder: path.join(folder.path, 'worker'),
      env: { PDAGENTD_AMQP_URL: urls.amqpUrl, PDAGENTD_REDIS_URL: urls.redisUrl },
      until: 'alive',
    });
    try {
      const warned = (message: string, field: string) =>
        worker.lines.some((line) => line.message.startsWith(message) && String(line[field]).endsWith(ADVICE));
      await waitUntil(() => warned('broker unreachable', 'error') && warned('Redis is unreachable', 'detail'), {
        what: 'the warnings',
        timeoutMs: 60_000,
      });
      expect(await checksOf(worker)).toMatchObject({ broker: 'unreachable', redis: 'unreachable' });
      expectNoPasswords(logOf(worker));
    } finally {
      await worker.stop();
    }
  });

  it('pdaltagent status says which setting is missing', () => {
    const out = statusOf({});
    expect(out.split(ADVICE)).toHaveLength(3);
    expectNoPasswords(out);
  });
});

it('a certificate for another name is refused, and the name is to be corrected', () => {
  const elsewhere = (url: string) => url.replace('@localhost:', '@127.0.0.1:');
  const out = statusOf({
    PDAGENTD_CA_FILE: authority.file,
    PDAGENTD_AMQP_URL: elsewhere(urls.amqpUrl),
    PDAGENTD_REDIS_URL: elsewhere(urls.redisUrl),
  });
  expect(out).toMatch(/use a name in PDAGENTD_AMQP_URL that the certificate is valid for/);
  expect(out).toMatch(/use a name in PDAGENTD_REDIS_URL that the certificate is valid for/);
});

/** What `pdaltagent status` prints. */
function statusOf(environment: Record<string, string>): string {
  const { stdout } = spawnSync(
    process.execPath,
    [path.join(workspaceRoot(), 'dist/apps/cli/pdaltagent.js'), 'status'],
    {
      env: {
        ...cleanEnvironment(),
        PDAGENTD_AMQP_URL: urls.amqpUrl,
        PDAGENTD_REDIS_URL: urls.redisUrl,
        ...environment,
      },
      encoding: 'utf8',
    },
  );
  return stdout;
}
