import { EVENTS, laneQueue } from '@pdaltagent/messaging';
import { type AppProcess, freePort, openRunFolder, type RabbitMQ, startApp, startRabbitMQ } from '@pdaltagent/testing';
import { connect } from 'amqplib';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { log } from '../delivery/servers';

export interface Gateway {
  readonly app: AppProcess;
  readonly port: number;
}

export interface Servers {
  readonly broker: RabbitMQ;
  readonly startGateway: (name: string, env?: Record<string, string>) => Promise<Gateway>;
}

/** Starts a private broker, and gateways on request, and stops them after `measure`. */
export async function withServers<Result>(measure: (servers: Servers) => Promise<Result>): Promise<Result> {
  const folder = openRunFolder('bench-ingest');
  const part = (name: string) => {
    const made = path.join(folder.path, name);
    mkdirSync(made, { recursive: true });
    return made;
  };
  log('starting RabbitMQ');
  const broker = await startRabbitMQ({ folder: part('rabbitmq') });
  const gateways: AppProcess[] = [];
  try {
    return await measure({
      broker,
      startGateway: async (name, env = {}) => {
        const port = await freePort();
        const app = await startApp('ingest-gateway', {
          folder: part(name),
          env: {
            PDAGENTD_AMQP_URL: broker.url,
            PDAGENTD_HTTP_PORT: String(port),
            PDAGENTD_HTTPS_PORT: '0',
            PDAGENTD_STATE_DIR: part(`${name}-state`),
            ...env,
          },
        });
        gateways.push(app);
        return { app, port };
      },
    });
  } finally {
    await Promise.all(gateways.map((app) => app.stop()));
    await broker.stop();
    folder.remove();
  }
}

/** Purges the queues, which have no consumers, so that one run does not slow down the next. */
export async function emptyQueues(amqpUrl: string, queues: readonly string[]): Promise<void> {
  const connection = await connect(amqpUrl);
  const channel = await connection.createChannel();
  const lanes = Array.from({ length: EVENTS.lanes }, (_, lane) => laneQueue(EVENTS, lane));
  for (const name of [...queues, ...lanes]) await channel.purgeQueue(name);
  await connection.close();
}

/** The value of a gauge or counter. @param name with its labels, as it is exposed */
export async function metricOf({ app }: Gateway, name: string): Promise<number> {
  const text = await (await fetch(`${app.url}/metrics`)).text();
  const line = text.split('\n').find((one) => one.startsWith(`${name} `));
  return Number(line?.slice(name.length));
}
