import { Redis as Client } from 'ioredis';
import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { CuttingProxy } from './fault-proxy';
import { type Redis } from './server';
import { startRedis } from './servers';

/** Two Redis servers, one the primary, and an address that leads to it. */
export class RedisPair {
  private constructor(
    private primary: Redis,
    private other: Redis,
    readonly proxy: CuttingProxy,
  ) {}

  static async start(folder: string): Promise<RedisPair> {
    const password = randomBytes(16).toString('hex');
    const [primary, other] = await Promise.all(
      ['a', 'b'].map((name) => startRedis({ folder: path.join(folder, name), password })),
    );
    if (primary === undefined || other === undefined) throw new Error('two were started');
    const pair = new RedisPair(primary, other, await CuttingProxy.start(primary.port));
    await pair.#ask(primary, 'CONFIG', 'SET', 'masterauth', password);
    await pair.#ask(other, 'CONFIG', 'SET', 'masterauth', password);
    await pair.#ask(other, 'REPLICAOF', '127.0.0.1', String(primary.port));
    return pair;
  }

  /** Of the address that leads to the primary. */
  get url(): string {
    return this.proxy.url(this.primary.url);
  }

  /** The primary becomes a replica, which keeps its connections. The address still leads to it. */
  async promoteOther(): Promise<void> {
    await this.#ask(this.other, 'REPLICAOF', 'NO', 'ONE');
    await this.#ask(this.primary, 'REPLICAOF', '127.0.0.1', String(this.other.port));
    [this.primary, this.other] = [this.other, this.primary];
  }

  /** From now on the address leads new connections to the primary. */
  moveAddress(): void {
    this.proxy.leadTo(this.primary.port);
  }

  /** What the primary answers to a command. */
  askPrimary(...command: [name: string, ...words: string[]]): Promise<unknown> {
    return this.#ask(this.primary, ...command);
  }

  async stop(): Promise<void> {
    await this.proxy.stop();
    await Promise.all([this.primary.stop(), this.other.stop()]);
  }

  async #ask(server: Redis, name: string, ...words: string[]): Promise<unknown> {
    const client = new Client(server.url, { lazyConnect: true });
    try {
      await client.connect();
      return await client.call(name, ...words);
    } finally {
      client.disconnect();
    }
  }
}
