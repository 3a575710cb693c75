import { openRunFolder } from './run-folder';
import { TestServerPool } from './test-server-pool';
import { POOL_VARIABLE } from './test-servers';

let undo: (() => Promise<void>) | undefined;

/** Jest's global setup of the integration tests; makes testServers() available. */
export default async function provideTestServers(): Promise<void> {
  const folder = openRunFolder('jest');
  const pool = new TestServerPool(folder.path);
  process.env[POOL_VARIABLE] = await pool.start();
  undo = async () => {
    await pool.stop();
    folder.remove();
  };
}

/** Called by the global teardown, in the same process. */
export async function removeTestServers(): Promise<void> {
  await undo?.();
}
