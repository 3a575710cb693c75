import { openRunFolder, RedisPair, type RunFolder, waitUntil } from '@pdaltagent/testing';
import {
  Cursor,
  DeadLetteredAlerts,
  DeliveredMarkers,
  Lease,
  PausedDestinations,
  SeenEntries,
  Store,
  type StoreState,
} from '.';
import { isNotPrimary } from './store-error';

let folder: RunFolder;
let pair: RedisPair;
let store: Store;
const lines: string[] = [];
const details: unknown[] = [];
const log = {
  info: (message: string) => void lines.push(message),
  warn: (message: string, fields?: Readonly<Record<string, unknown>>) => {
    lines.push(message);
    details.push(fields?.detail);
  },
};

beforeAll(async () => {
  folder = openRunFolder('failover');
  pair = await RedisPair.start(folder.path);
});
beforeEach(async () => {
  pair.followPrimary();
  await pair.callPrimary('FLUSHALL');
  store = new Store({ url: pair.url, name: 'test', log });
  store.start();
  await stateIs('connected');
  lines.length = 0;
  details.length = 0;
});
afterEach(() => store.close());
afterAll(async () => {
  await pair.stop();
  folder.remove();
});

const stateIs = (state: StoreState) => waitUntil(() => store.state() === state, { what: `the state to be ${state}` });
const keys = () => pair.callPrimary('KEYS', '*');

/** Each writes one key. */
const WRITES: [string, (store: Store) => Promise<unknown>][] = [
  ['a pipeline', (store) => new SeenEntries(store, 60).mark(['a', 'b'])],
  ['a script', (store) => new Cursor(store).advance({ start: 1, cursor: 2 })],
  ['the script of several marks', (store) => new DeliveredMarkers(store, 60).mark('a')],
  ['a script that reads the time first', (store) => new DeadLetteredAlerts(store, 'events').remember('a', 1)],
  ['a command', (store) => new PausedDestinations(store).pause('a', 1)],
];

describe('after a failover, which leaves the connection to a replica open', () => {
  it.each(WRITES)('%s that the replica refuses reconnects to the new primary', async (_name, write) => {
    await pair.promoteReplica();
    pair.followPrimary();
    await expect(write(store)).rejects.toMatchObject({ code: 'unreachable' });
    await waitUntil(() => write(store).then(() => true), { what: 'it to be written' });
    expect(await keys()).not.toEqual([]);
  });

  it('a connection without any traffic reconnects to the new primary too', async () => {
    await pair.promoteReplica();
    pair.followPrimary();
    await waitUntil(() => lines.includes('Redis is reachable again'), { what: 'Redis to be back' });
    expect(store.state()).toBe('connected');
    expect(lines).toEqual(['Redis accepts no writes: retrying until it does', 'Redis is reachable again']);
    expect(details).toEqual([expect.stringContaining('READONLY')]);
  });

  it('counts as refusing while the address leads to the replica, logs that once, and does not flood it with connections', async () => {
    const before = pair.proxy.accepted;
    await pair.promoteReplica();
    await stateIs('refusing');
    const began = performance.now();
    const refused: StoreState[] = [];
    await waitUntil(
      async () => {
        await new SeenEntries(store, 60).mark(['a']).catch(() => undefined);
        refused.push(store.state());
        return performance.now() - began > 4_000;
      },
      { what: 'four seconds of writes', intervalMs: 5 },
    );
    expect(new Set(refused)).toEqual(new Set(['refusing']));
    expect(lines).toEqual(['Redis accepts no writes: retrying until it does']);
    expect(pair.proxy.accepted - before).toBeLessThan(25);
    pair.followPrimary();
    await stateIs('connected');
    expect(lines.at(-1)).toBe('Redis is reachable again');
  });

  it('a lease is held by its holder again', async () => {
    const lease = new Lease({ store, name: 'test', log, ttlMs: 3_000, renewMs: 100 });
    lease.start();
    await lease.whenHeld(AbortSignal.timeout(30_000));
    await pair.promoteReplica();
    const lost = 'the holder of the lease is unknown: Redis does not respond';
    await waitUntil(() => lines.includes(lost), { what: 'the lease to run out' });
    expect(lease.holder()).toBe('unknown');
    pair.followPrimary();
    await waitUntil(() => lease.holder() === 'this process', { what: 'the lease to be held again' });
    await lease.stop();
  });
});

it.each([
  ['min-replicas-to-write', '9', '0', 'NOREPLICAS'],
  ['maxmemory', '1', '0', 'OOM'],
])(
  'a primary that accepts no writes because of %s counts as refusing until it does',
  async (name, value, usual, reason) => {
    await pair.callPrimary('CONFIG', 'SET', name, value);
    await stateIs('refusing').finally(() => pair.callPrimary('CONFIG', 'SET', name, usual));
    expect(details).toEqual([expect.stringContaining(reason)]);
    await stateIs('connected');
  },
);

it.each([
  "READONLY You can't write against a read only replica.",
  "READONLY You can't write against a read only replica. script: f2a, on @user_script:4.",
  "ERR Error running script (call to f_f2a): @user_script:4: @user_script: 4: -READONLY You can't write against a read only replica.",
  "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
  'LOADING Redis is loading the dataset in memory',
  'NOREPLICAS Not enough good replicas to write.',
  'CLUSTERDOWN The cluster is down',
])('the error %s means that the server is not the primary', (message) => {
  expect(isNotPrimary(new Error(message))).toBe(true);
});

it.each([
  "OOM command not allowed when used memory > 'maxmemory'.",
  "NOPERM this user has no permissions to run the 'set' command",
  'WRONGTYPE Operation against a key holding the wrong kind of value',
])('the error %s does not', (message) => {
  expect(isNotPrimary(new Error(message))).toBe(false);
});
