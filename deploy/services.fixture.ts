import { readFileSync } from 'node:fs';
import path from 'node:path';
import { type Variables } from '@pdaltagent/service';
import { variables as deliveryWorker } from '../apps/delivery-worker/src/configuration';
import { variables as ingestGateway } from '../apps/ingest-gateway/src/configuration';
import { variables as logPoller } from '../apps/log-poller/src/configuration';
import { variables as webhookSender } from '../apps/webhook-sender/src/configuration';

const ROOT = path.resolve(__dirname, '..');

/** The text of a file of the repository. */
export function textOf(file: string): string {
  return readFileSync(path.join(ROOT, file), 'utf8');
}

/** What ships, with the variables that each service reads. */
export const SERVICES: Readonly<Record<string, Variables>> = {
  'ingest-gateway': ingestGateway,
  'delivery-worker': deliveryWorker,
  'log-poller': logPoller,
  'webhook-sender': webhookSender,
};

/** The port of health and metrics that a service has of itself. */
export function adminPortOf(service: string): number {
  return Number(/adminPort: (\d+)/.exec(textOf(`apps/${service}/src/main.ts`))?.[1]);
}

/** The variables that every service reads. */
const COMMON = [...textOf('libs/service/src/run.ts').matchAll(/'(PDAGENTD_[A-Z_]+)'/g)].map(([, name = '']) => name);

/** Every name that a service reads its settings from, `X_FILE` for the contents of a file included. */
export function namesOf(service: string): ReadonlySet<string> {
  const own = Object.values(SERVICES[service] ?? {}).flatMap(({ name, aliases }) => [name, ...aliases]);
  return new Set([...own, ...COMMON].flatMap((name) => [name, `${name}_FILE`]));
}

/** The settings of PDaltagent among a process's environment. */
export function settingsAmong(environment: object): string[] {
  return Object.keys(environment).filter((name) => name.startsWith('PDAGENTD_'));
}
