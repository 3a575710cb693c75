import { testServers, waitUntil } from '@pdaltagent/testing';
import { Store } from './store';

/** A store connected to the test server's Redis, which logs nothing. The caller closes it. */
export async function connectedStore(): Promise<Store> {
  const log = { info: () => undefined, warn: () => undefined };
  const store = new Store({ url: (await testServers()).redisUrl, name: 'test', log });
  store.start();
  await waitUntil(() => store.state() === 'connected', { what: 'Redis' });
  return store;
}
