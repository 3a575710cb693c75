/** Names the variable with the URL of the pool; set by jest's global setup. */
export const POOL_VARIABLE = 'PDALTAGENT_TEST_SERVERS';

export interface TestServers {
  /** With a private virtual host. */
  amqpUrl: string;
  /** With a private database. */
  redisUrl: string;
}

/**
 * The RabbitMQ and the Redis of this jest run, started by the first call and stopped at the end. Each call returns a new
 * virtual host and a new Redis database. The virtual host is removed some time after the end of the test file.
 */
export async function testServers(): Promise<TestServers> {
  const pool = process.env[POOL_VARIABLE];
  if (pool === undefined) throw new Error('testServers() works in integration tests only (*.integration.test.ts)');
  // A worker runs one file after another: what it got for another file is no longer used.
  const requester = { worker: process.env.JEST_WORKER_ID ?? '', file: expect.getState().testPath ?? '' };
  const response = await fetch(`${pool}?${new URLSearchParams(requester).toString()}`, { method: 'POST' });
  const text = await response.text();
  if (!response.ok) throw new Error(text);
  const servers: unknown = JSON.parse(text);
  if (!isTestServers(servers)) throw new Error(`no servers in ${text}`);
  return servers;
}

function isTestServers(value: unknown): value is TestServers {
  return typeof value === 'object' && value !== null && 'amqpUrl' in value && 'redisUrl' in value;
}
