import { Redis as Client } from 'ioredis';
import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { FaultProxy } from './fault-proxy';
import { type Redis } from './server';
import { startRedis } from './servers';

/** A Redis primary with a replica, and an address that points to the primary. */
export class RedisPair {
  private constructor(
    private primary: Redis,
    private replica: Redis,
    readonly proxy: FaultProxy,
  ) {}

  static async start(folder: string): Promise<RedisPair> {
    const password = randomBytes(16).toString('hex');
    const [primary, replica] = await Promise.all(
      ['a', 'b'].map((name) => startRedis({ folder: path.join(folder, name), password })),
    );
    if (primary === undefined || replica === undefined) throw new Error('two were started');
    const pair = new RedisPair(primary, replica, await FaultProxy.start(primary.port));
    await pair.#call(primary, 'CONFIG', 'SET', 'masterauth', password);
    await pair.#call(replica, 'CONFIG', 'SET', 'masterauth', password);
    await pair.#call(replica, 'REPLICAOF', '127.0.0.1', String(primary.port));
    return pair;
  }

  /** URL of the address. */
  get url(): string {
    return this.proxy.url(this.primary.url);
  }

  /** Promotes the replica; the old primary becomes a replica and keeps its connections. The address still points to it. */
  async promoteReplica(): Promise<void> {
    await this.#call(this.replica, 'REPLICAOF', 'NO', 'ONE');
    await this.#call(this.primary, 'REPLICAOF', '127.0.0.1', String(this.replica.port));
    [this.primary, this.replica] = [this.replica, this.primary];
  }

  /** Points the address to the new primary, for new connections. */
  followPrimary(): void {
    this.proxy.redirectTo(this.primary.port);
  }

  /** Sends a command to the primary. */
  callPrimary(...command: [name: string, ...words: string[]]): Promise<unknown> {
    return this.#call(this.primary, ...command);
  }

  async stop(): Promise<void> {
    await this.proxy.stop();
    await Promise.all([this.primary.stop(), this.replica.stop()]);
  }

  async #call(server: Redis, name: string, ...words: string[]): Promise<unknown> {
    const client = new Client(server.url, { lazyConnect: true });
    try {
      await client.connect();
      return await client.call(name, ...words);
    } finally {
      client.disconnect();
    }
  }
}
