/** Where the keeper of a jest run answers; set by its global set-up. */
export const POOL_VARIABLE = 'PDALTAGENT_TEST_SERVERS';

export interface TestServers {
  /** With a virtual host that nobody else uses. */
  amqpUrl: string;
  /** With a database that nobody else uses. */
  redisUrl: string;
}

/**
 * The RabbitMQ and the Redis of this jest run, started with the first call; each call gets a virtual host and a Redis
 * database of its own. They end with the run.
 */
export async function testServers(): Promise<TestServers> {
  const pool = process.env[POOL_VARIABLE];
  if (pool === undefined) throw new Error('testServers() works in integration tests only (*.integration.test.ts)');
  const response = await fetch(pool, { method: 'POST' });
  const text = await response.text();
  if (!response.ok) throw new Error(text);
  const answer: unknown = JSON.parse(text);
  if (!isTestServers(answer)) throw new Error(`no servers in ${text}`);
  return answer;
}

function isTestServers(value: unknown): value is TestServers {
  return typeof value === 'object' && value !== null && 'amqpUrl' in value && 'redisUrl' in value;
}
