import {
  cleanEnvironment,
  openRunFolder,
  type RabbitMQ,
  type Redis,
  type RunFolder,
  startRabbitMQ,
  startRedis,
  workspaceRoot,
} from '@pdaltagent/testing';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';

export const USERS = ['gateway', 'worker', 'poller', 'sender', 'operator'] as const;
export type User = (typeof USERS)[number];

export interface CommandResult {
  readonly code: number | null;
  readonly out: string;
  readonly error: string;
}

/** A RabbitMQ with a user for each service, once `setup` was run, and a Redis. */
export class OwnUsers {
  private constructor(
    private readonly folder: RunFolder,
    readonly broker: RabbitMQ,
    readonly redis: Redis,
  ) {}

  static async start(name: string): Promise<OwnUsers> {
    const folder = openRunFolder(name);
    const [broker, redis] = await Promise.all([
      startRabbitMQ({ folder: path.join(folder.path, 'rabbitmq'), management: true }),
      startRedis({ folder: path.join(folder.path, 'redis') }),
    ]);
    return new OwnUsers(folder, broker, redis);
  }

  async stop(): Promise<void> {
    await Promise.all([this.broker.stop(), this.redis.stop()]);
    this.folder.remove();
  }

  urlOf(user: User): string {
    const url = new URL(this.broker.url);
    url.username = `pdaltagent-${user}`;
    url.password = `password-of-${user}`;
    return url.href;
  }

  /** Runs the built command, by default as the operator. */
  pdaltagent(words: readonly string[], environment: Record<string, string> = {}): CommandResult {
    const file = path.join(workspaceRoot(), 'dist/apps/cli/pdaltagent.js');
    const env = {
      ...cleanEnvironment(),
      PDAGENTD_AMQP_URL: this.urlOf('operator'),
      PDAGENTD_REDIS_URL: this.redis.url,
      ...environment,
    };
    const { status, stdout, stderr } = spawnSync(process.execPath, [file, ...words], { env, encoding: 'utf8' });
    return { code: status, out: stdout, error: stderr };
  }

  /** As its administrator, with a file for each service. */
  setup(): CommandResult {
    const files = USERS.map((user) => {
      const file = path.join(this.folder.path, `${user}-amqp-url`);
      writeFileSync(file, `${this.urlOf(user)}\n`);
      return [`PDAGENTD_${user.toUpperCase()}_AMQP_URL_FILE`, file] as const;
    });
    return this.pdaltagent(['setup'], {
      ...Object.fromEntries(files),
      PDAGENTD_AMQP_URL: this.broker.url,
      PDAGENTD_MANAGEMENT_URL: this.broker.managementUrl ?? '',
    });
  }

  /** What the broker logged of it. */
  async refusals(): Promise<string[]> {
    return (await this.broker.logText()).split('\n').filter((line) => /refused for user/.test(line));
  }
}
