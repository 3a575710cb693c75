import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import {
  type AppProcess,
  freePort,
  openRunFolder,
  type RunFolder,
  startApp,
  waitUntil,
  workspaceRoot,
} from '@pdaltagent/testing';
import { z } from 'zod';
import { Relay } from '../relay.fixture';

const arrival = z.object({
  sequence: z.number(),
  path: z.string(),
  routingKey: z.string().nullable(),
  dedupKey: z.string().nullable(),
  action: z.string().nullable(),
  status: z.number().nullable(),
  alert: z.string(),
  body: z.string(),
  headers: z.record(z.string(), z.unknown()),
});
export type ReceivedEvent = z.infer<typeof arrival>;

/** A relay for real senders, with a second gateway that has HTTPS and a self-signed certificate. */
export class SenderRelay {
  private constructor(
    readonly relay: Relay,
    readonly folder: RunFolder,
    private readonly secureGateway: AppProcess,
    readonly secureUrl: string,
    /** File with the gateway's self-signed certificate. */
    readonly authority: string,
  ) {}

  static async start(name: string): Promise<SenderRelay> {
    const relay = await Relay.start(name);
    const folder = openRunFolder(`${name}-secure`);
    const state = path.join(folder.path, 'state');
    mkdirSync(state, { recursive: true });
    const port = await freePort();
    const [gateway] = await Promise.all([
      startApp('ingest-gateway', {
        folder: folder.path,
        env: {
          PDAGENTD_AMQP_URL: relay.broker.url,
          PDAGENTD_HTTP_PORT: '0',
          PDAGENTD_HTTPS_PORT: String(port),
          PDAGENTD_STATE_DIR: state,
        },
      }),
      relay.startWorker(),
    ]);
    return new SenderRelay(relay, folder, gateway, `https://localhost:${port}`, path.join(state, 'tls', 'cert.pem'));
  }

  async stop(): Promise<void> {
    await this.secureGateway.stop();
    await this.relay.stop();
    this.folder.remove();
  }

  /** Waits until PagerDuty has accepted this many events of a routing key, and resolves with them. */
  arrivals(routingKey: string, count: number): Promise<ReceivedEvent[]> {
    return waitUntil(
      async () => {
        const found = (await this.#all()).filter((candidate) => candidate.routingKey === routingKey);
        return found.length >= count && found;
      },
      { what: `${count} events of …${routingKey.slice(-4)} to arrive`, timeoutMs: 60_000, intervalMs: 200 },
    );
  }

  /** Runs `act` and resolves with the next event that arrives. */
  async arrivalAfter(act: () => Promise<void>): Promise<ReceivedEvent> {
    const last = (await this.#all()).at(-1)?.sequence ?? 0;
    await act();
    return waitUntil(async () => (await this.#all()).find(({ sequence }) => sequence > last), {
      what: 'the event to arrive',
      timeoutMs: 60_000,
      intervalMs: 100,
    });
  }

  async #all(): Promise<ReceivedEvent[]> {
    const response = await fetch(`${this.relay.simulatorUrl}/_control/events?format=ndjson&accepted=true`);
    const lines = (await response.text()).split('\n').filter((line) => line !== '');
    return lines.map((line) => arrival.parse(JSON.parse(line)));
  }
}

/** A well-formed routing key for a test. */
export function routingKeyOf(name: string): string {
  return name.padEnd(32, '0');
}

/** A file from docs/senders/files, with its placeholders replaced. */
export function configurationFile(name: string, replacements: Readonly<Record<string, string>>): string {
  const text = readFileSync(path.join(workspaceRoot(), 'docs/senders/files', name), 'utf8');
  return Object.entries(replacements).reduce((changed, [placeholder, value]) => {
    if (!changed.includes(placeholder)) throw new Error(`${name} has no ${placeholder}`);
    return changed.replaceAll(placeholder, value);
  }, text);
}

/** Replaces all variables of a template. @throws Error if a value is missing */
export function filled(template: string, pattern: RegExp, values: Readonly<Record<string, string>>): string {
  return template.replace(pattern, (_found, name: string) => {
    const value = values[name];
    if (value === undefined) throw new Error(`there is no value for ${name}`);
    return value;
  });
}

/** A request body of a real sender (libs/events/fixtures). */
export function fixture(name: string): Buffer {
  return readFileSync(path.join(workspaceRoot(), 'libs/events/fixtures', name));
}

/** Path of a built command in dist/apps/pd-send. */
export function command(name: string): string {
  return path.join(workspaceRoot(), 'dist/apps/pd-send', name);
}

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end. */
export function runProgram(
  file: string,
  words: readonly string[],
  { env = {}, input = '' }: { env?: Record<string, string>; input?: string } = {},
): Promise<Ended> {
  const { PATH = '' } = process.env;
  return new Promise((resolve) => {
    const child = execFile(file, words, { env: { PATH, ...env } }, (_error, stdout, stderr) =>
      resolve({ code: child.exitCode, stdout, stderr }),
    );
    child.stdin?.on('error', () => undefined).end(input);
  });
}
