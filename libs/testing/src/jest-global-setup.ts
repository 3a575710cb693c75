import { openRunFolder } from './run-folder';
import { TestServerPool } from './test-server-pool';
import { POOL_VARIABLE } from './test-servers';

let undo: (() => Promise<void>) | undefined;

/** Jest's global set-up of the integration tests: from here on testServers() works. */
export default async function provideTestServers(): Promise<void> {
  const folder = openRunFolder('jest');
  const pool = new TestServerPool(folder.path);
  process.env[POOL_VARIABLE] = await pool.start();
  undo = async () => {
    await pool.stop();
    folder.remove();
  };
}

/** What the global teardown calls, in the same process. */
export async function removeTestServers(): Promise<void> {
  await undo?.();
}
