import {
  type AppProcess,
  openRunFolder,
  type LogLine,
  type RabbitMQ,
  type Redis,
  startApp,
  startRabbitMQ,
  startRedis,
} from '@pdaltagent/testing';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { type Cleanups } from './cleanups';
import { choosePort } from './ports';
import { type Webhook, WebhookReceiver } from './receiver';
import { SimulatorControl } from './simulator-control';

export interface SystemOptions {
  /** Name of the folder under .local/run. */
  name: string;
  print: (text: string) => void;
  onWebhook: (webhook: Webhook) => void;
  /** Called with each log line; `source` is the service. */
  onLog: (source: string, line: LogLine) => void;
  /** Starts servers and services. */
  cleanups: Cleanups;
}

/** The whole relay, with private servers, a simulated PagerDuty and a webhook receiver. */
export interface System {
  folder: string;
  /** A file to source in a shell, with the variables that `pdaltagent` needs for this system. */
  environment: string;
  gatewayUrl: string;
  secureGatewayUrl: string;
  /** The gateway's self-signed certificate. */
  certificate: string;
  receiver: WebhookReceiver;
  receiverUrl: string;
  simulator: SimulatorControl;
  rabbitmq: RabbitMQ;
  redis: Redis;
  services: AppProcess[];
}

/** Starts servers, a simulated PagerDuty, a webhook receiver, and the services. */
export async function startSystem(options: SystemOptions): Promise<System> {
  const { print, cleanups } = options;
  const folder = openRunFolder(options.name);
  cleanups.add('the folder of this run', () => Promise.resolve(folder.remove()));
  const inFolder = (name: string): string => path.join(folder.path, name);

  print('starting RabbitMQ and Redis');
  const [rabbitmq, redis] = await Promise.all([
    cleanups.start('RabbitMQ', () => startRabbitMQ({ folder: inFolder('rabbitmq') })),
    cleanups.start('Redis', () => startRedis({ folder: inFolder('redis') })),
  ]);

  const receiverPort = await choosePort('the webhook receiver', 9010, print);
  const receiver = await cleanups.start('the receiver', () => WebhookReceiver.start(receiverPort, options.onWebhook));
  const receiverUrl = `http://127.0.0.1:${receiverPort}/webhooks`;

  const start = async (name: string, env: Record<string, string>, adminPort?: number): Promise<AppProcess> => {
    const adminPortEnv = adminPort && {
      PDAGENTD_ADMIN_PORT: String(await choosePort(`the admin port of ${name}`, adminPort, print)),
    };
    return cleanups.start(name, () =>
      startApp(name, {
        folder: inFolder(name),
        env: { ...env, PDAGENTD_LISTEN_ADDRESS: '127.0.0.1', ...adminPortEnv },
        timeoutMs: 60_000,
        onLine: (line) => options.onLog(name, line),
      }),
    );
  };
  const simulator = await start('pagerduty-simulator', {
    SIMULATOR_PORT: String(await choosePort('the simulated PagerDuty', 9009, print)),
  });
  const simulatorUrl = simulator.url ?? '';

  const httpPort = await choosePort('the gateway', 8080, print);
  const httpsPort = await choosePort('the gateway (HTTPS)', 8443, print);
  const servers = { PDAGENTD_AMQP_URL: rabbitmq.url, PDAGENTD_REDIS_URL: redis.url };
  const environment = inFolder('environment');
  writeFileSync(
    environment,
    exportsOf({
      ...servers,
      PDAGENTD_EVENTS_BASE_URL: simulatorUrl,
      PDAGENTD_API_BASE_URL: simulatorUrl,
      PDAGENTD_API_TOKEN: 'demo',
      PDAGENTD_WEBHOOK_DEST_URL: receiverUrl,
      PDAGENTD_STATE_DIR: inFolder('state'),
    }),
    { mode: 0o600 },
  );
  const webhooks = { ...servers, PDAGENTD_WEBHOOK_DEST_URL: receiverUrl };
  print('starting the services');
  const [gateway, ...others] = await Promise.all([
    start(
      'ingest-gateway',
      {
        ...servers,
        PDAGENTD_HTTP_PORT: String(httpPort),
        PDAGENTD_HTTPS_PORT: String(httpsPort),
        PDAGENTD_STATE_DIR: inFolder('state'),
        // These files do not exist, so the gateway generates a self-signed pair.
        PDAGENTD_TLS_CERT: inFolder('no-certificate'),
        PDAGENTD_TLS_KEY: inFolder('no-key'),
      },
      8090,
    ),
    start('delivery-worker', { ...servers, PDAGENTD_EVENTS_BASE_URL: simulatorUrl }, 8091),
    start(
      'log-poller',
      {
        ...webhooks,
        PDAGENTD_API_BASE_URL: simulatorUrl,
        PDAGENTD_API_TOKEN: 'demo',
        PDAGENTD_POLLING_INTERVAL_SECONDS: '1',
        PDAGENTD_GET_ALL_LOG_ENTRIES: 'true',
      },
      8092,
    ),
    start('webhook-sender', webhooks, 8093),
  ]);
  const { certificate } = await gateway.logged('its certificate', (line) => typeof line['certificate'] === 'string');
  return {
    folder: folder.path,
    environment,
    gatewayUrl: `http://127.0.0.1:${httpPort}`,
    secureGatewayUrl: `https://127.0.0.1:${httpsPort}`,
    certificate: String(certificate),
    receiver,
    receiverUrl,
    simulator: new SimulatorControl(simulatorUrl),
    rabbitmq,
    redis,
    services: [simulator, gateway, ...others],
  };
}

/** Lines that export the variables in a POSIX shell. */
function exportsOf(variables: Readonly<Record<string, string>>): string {
  const quoted = (value: string) => `'${value.replaceAll("'", "'\\''")}'`;
  return Object.entries(variables)
    .map(([name, value]) => `export ${name}=${quoted(value)}\n`)
    .join('');
}

/** Rejects once any service exits, with the last lines of its log. */
export async function rejectOnServiceExit({ services }: System): Promise<never> {
  const service = await Promise.race(services.map((one) => one.exited.then(() => one)));
  throw new Error(`${service.name} exited unexpectedly:\n${service.lastLines()}`);
}
