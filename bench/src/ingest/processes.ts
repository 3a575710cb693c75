import { type CertificateFiles } from '@pdaltagent/testing';
import { type ChildProcess, fork } from 'node:child_process';
import path from 'node:path';
import { z } from 'zod';
import { KEYS } from './event';

/** Results of the senders. Latencies are those of accepted events. */
export interface LoadReport {
  readonly accepted: number;
  /** Answers other than 202, and connections that were closed. */
  readonly refused: number;
  readonly seconds: number;
  readonly medianMs: number;
  readonly p99Ms: number;
}

export interface Load {
  readonly port: number;
  readonly connections: number;
  /** Number of routing keys that the connections share. */
  readonly keys?: number;
  /** Number of the first of these keys. */
  readonly firstKey?: number;
  readonly seconds: number;
  readonly intervalMs?: number;
  readonly overTls?: boolean;
}

const listening = z.object({ port: z.number() });
const report = z.object({
  accepted: z.number(),
  refused: z.number(),
  seconds: z.number(),
  medianMs: z.number(),
  p99Ms: z.number(),
});

/** Sends events from a separate process, and resolves with its report. */
export async function underLoad(load: Load): Promise<LoadReport> {
  const senders = start('load', []);
  const seen = messageOf(senders);
  senders.send({ intervalMs: 0, keys: KEYS, firstKey: 0, overTls: false, ...load });
  return report.parse(await seen.finally(() => senders.kill('SIGKILL')));
}

export interface BareServer {
  readonly pid: number;
  readonly port: number;
  end(): void;
}

/** @param certificate with TLS */
export async function startBareServer(
  amqpUrl: string,
  queues: readonly string[],
  certificate?: CertificateFiles,
): Promise<BareServer> {
  const server = start('bare-server', [JSON.stringify({ amqpUrl, queues, certificate })]);
  const { port } = listening.parse(await messageOf(server));
  return { pid: server.pid ?? 0, port, end: () => server.kill('SIGKILL') };
}

function start(name: string, args: readonly string[]): ChildProcess {
  return fork(path.join(__dirname, 'ingest', `${name}.js`), args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
}

function messageOf(child: ChildProcess): Promise<unknown> {
  return new Promise((resolve, reject) => {
    child.once('message', resolve);
    child.once('exit', () => reject(new Error('a helper process exited')));
  });
}
