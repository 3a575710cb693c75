import { openRunFolder } from './run-folder';
import { TestServerKeeper } from './test-server-pool';
import { KEEPER_VARIABLE } from './test-servers';

let undo: (() => Promise<void>) | undefined;

/** Jest's global set-up of the integration tests: from here on testServers() works. */
export default async function provideTestServers(): Promise<void> {
  const folder = openRunFolder('jest');
  const keeper = new TestServerKeeper(folder.path);
  process.env[KEEPER_VARIABLE] = await keeper.start();
  undo = async () => {
    await keeper.stop();
    folder.remove();
  };
}

/** What the global teardown calls, in the same process. */
export async function removeTestServers(): Promise<void> {
  await undo?.();
}
