import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** A real Redis of a test's own, on a free port and with a folder of its own. */
export class RedisServer {
  readonly #port: number;
  readonly #folder: string;
  #process: ChildProcess | undefined;

  private constructor(port: number, folder: string) {
    this.#port = port;
    this.#folder = folder;
  }

  static async create(): Promise<RedisServer> {
    return new RedisServer(await freePort(), await mkdtemp(path.join(tmpdir(), 'pdaltagent-redis-')));
  }

  get url(): string {
    return `redis://127.0.0.1:${this.#port}`;
  }

  async start(...settings: string[]): Promise<void> {
    const options = ['--port', String(this.#port), '--dir', this.#folder, '--save', '', ...settings];
    const server = spawn('redis-server', [...options, '--bind', '127.0.0.1'], { stdio: ['ignore', 'pipe', 'ignore'] });
    this.#process = server;
    for await (const line of server.stdout) if (String(line).includes('Ready to accept connections')) break;
  }

  signal(name: NodeJS.Signals): void {
    this.#process?.kill(name);
  }

  async stop(): Promise<void> {
    const server = this.#process;
    this.#process = undefined;
    if (server === undefined || server.exitCode !== null) return;
    const ended = once(server, 'exit');
    server.kill('SIGKILL');
    await ended;
  }

  async remove(): Promise<void> {
    await this.stop();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  if (address === null || typeof address === 'string') throw new Error('a TCP server has a port');
  return address.port;
}
