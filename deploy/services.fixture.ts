import { readFileSync } from 'node:fs';
import path from 'node:path';
import { type Variables } from '@pdaltagent/service';
import { variables as deliveryWorker } from '../apps/delivery-worker/src/configuration';
import { variables as ingestGateway } from '../apps/ingest-gateway/src/configuration';
import { variables as logPoller } from '../apps/log-poller/src/configuration';
import { variables as webhookSender } from '../apps/webhook-sender/src/configuration';

const ROOT = path.resolve(__dirname, '..');

/** The text of a file in the repository. */
export function textOf(file: string): string {
  return readFileSync(path.join(ROOT, file), 'utf8');
}

/** The services that are deployed, with the variables that each one reads. */
export const SERVICES: Readonly<Record<string, Variables>> = {
  'ingest-gateway': ingestGateway,
  'delivery-worker': deliveryWorker,
  'log-poller': logPoller,
  'webhook-sender': webhookSender,
};

/** The default admin port of a service. */
export function adminPortOf(service: string): number {
  return Number(/adminPort: (\d+)/.exec(textOf(`apps/${service}/src/main.ts`))?.[1]);
}

/** The variables that every service reads. */
const COMMON = ['run', 'admin-variables'].flatMap((file) =>
  [...textOf(`libs/service/src/${file}.ts`).matchAll(/'(PDAGENTD_[A-Z_]+)'/g)].map(([, name = '']) => name),
);

/** Every variable that a service reads, including `X_FILE` for a value from a file. */
export function namesOf(service: string): ReadonlySet<string> {
  const own = Object.values(SERVICES[service] ?? {}).flatMap(({ name, aliases }) => [name, ...aliases]);
  return new Set([...own, ...COMMON].flatMap((name) => [name, `${name}_FILE`]));
}

/** Fixed by the images, or limits that rarely need to be changed: described only in docs/configuration.md. */
const NOT_OFFERED = [
  'PDAGENTD_LISTEN_ADDRESS',
  'PDAGENTD_HTTP_PORT',
  'PDAGENTD_HTTPS_PORT',
  'PDAGENTD_TLS_CERT',
  'PDAGENTD_TLS_KEY',
  'PDAGENTD_TLS_CIPHERS',
  'PDAGENTD_STATE_DIR',
  'PDAGENTD_SPOOL_DIR',
  'PDAGENTD_CONFIRM_TIMEOUT_MS',
  'PDAGENTD_SENDER_CONNECTIONS',
  'PDAGENTD_MAX_IN_FLIGHT',
  'PDAGENTD_CONNECT_TIMEOUT_MS',
  'PDAGENTD_ATTEMPT_TIMEOUT_MS',
  'PDAGENTD_WEBHOOK_CONCURRENCY',
  'PDAGENTD_WORKER_MEMORY_MB',
];

/** The variables of a service that are not set, not read from a file, and not exempt. */
export function missingAmong(environment: object, service: string): string[] {
  const offered = new Set([...Object.keys(environment), ...NOT_OFFERED]);
  return Object.values(SERVICES[service] ?? {})
    .map(({ name }) => name)
    .filter((name) => !offered.has(name) && !offered.has(`${name}_FILE`));
}

/** The variables of PDaltagent in a process's environment. */
export function settingsAmong(environment: object): string[] {
  return Object.keys(environment).filter((name) => name.startsWith('PDAGENTD_'));
}
