import { type Publisher } from '@pdaltagent/messaging';
import { LogEntriesServer, testServers, type TestServers, waitUntil } from '@pdaltagent/testing';
import { ids, ofOneIncident, openPublisher, PollCycleHarness, testTimeout } from './poll-cycle-harness.fixture';
import { drainDeadLetters, RefusingCursor } from './poll-cycle.fixture';

let servers: TestServers;
let server: LogEntriesServer;
let publisher: Publisher;
let harness: PollCycleHarness;

beforeAll(async () => {
  servers = await testServers();
  publisher = await openPublisher(servers.amqpUrl);
});
beforeEach(async () => {
  server = new LogEntriesServer();
  await server.start();
  harness = await PollCycleHarness.open(servers, server, publisher);
});
afterEach(async () => {
  await harness.close();
  await server.stop();
});
afterAll(() => publisher.close());

const arrived = (count: number) =>
  waitUntil(() => harness.lanes.messages.length >= count, { what: `${count} webhooks on the lanes` });

describe('a poll cycle', () => {
  it('queues new entries, oldest first per incident, once for each destination', async () => {
    const added = server.add(120, ofOneIncident);
    await (await harness.newCycle({ urls: 'http://one.test,http://two.test' })).run(testTimeout());
    await arrived(240);
    const [one, two] = ['one.test', 'two.test'].map((host) =>
      harness.lanes.messages.flatMap(({ routingKey }, index) =>
        routingKey.startsWith(host) ? [harness.lanes.entryIds()[index]] : [],
      ),
    );
    expect(one).toEqual(ids(added));
    expect(two).toEqual(ids(added));
    expect(new Set(harness.lanes.messages.map(({ id }) => id)).size).toBe(240);
    expect(new Set(harness.lanes.messages.map(({ orderKey }) => orderKey)).size).toBe(2);
  });

  it('queues entries of one second in PagerDuty’s order, including those that appear later', async () => {
    const created_at = new Date(Math.floor(Date.now() / 1000) * 1000).toISOString();
    const cycle = await harness.newCycle();
    const addSome = () => server.add(150, (index) => ({ ...ofOneIncident(), created_at, id: `R${9_999 - index}` }));
    const added = addSome();
    await cycle.run(testTimeout());
    added.push(...addSome());
    await cycle.run(testTimeout());
    await arrived(300);
    expect(harness.lanes.entryIds()).toEqual(ids(added));
  });

  it('queues nothing twice, although it reads an overlap again', async () => {
    server.add(30);
    const cycle = await harness.newCycle();
    await cycle.run(testTimeout());
    const late = server.add(1, () => ({ created_at: new Date(Date.now() - 50_000).toISOString() }));
    await cycle.run(testTimeout());
    await arrived(31);
    await cycle.run(testTimeout());
    expect(harness.lanes.entryIds()).toHaveLength(31);
    expect(harness.lanes.entryIds().at(-1)).toBe(late[0]?.id);
  });

  it('misses no entry that appears late, wherever the cursor is then', async () => {
    const cycle = await harness.newCycle();
    server.add(5);
    await cycle.run(testTimeout());
    for (const secondsLate of [1, 20, 40, 58]) {
      server.add(1, () => ({ created_at: new Date(Date.now() - secondsLate * 1000).toISOString() }));
      server.add(1);
      await cycle.run(testTimeout());
    }
    await arrived(13);
    expect(new Set(harness.lanes.entryIds())).toEqual(new Set(ids(server.entries)));
  });

  it.each([-30_000, 30_000])('misses nothing when PagerDuty’s clock is %d ms ahead of ours', async (aheadMs) => {
    server.clockSkewMs = aheadMs;
    const cycle = await harness.newCycle();
    for (let count = 0; count < 3; count += 1) {
      server.add(4);
      await cycle.run(testTimeout());
      const late = new Date(Date.now() + aheadMs - 50_000).toISOString();
      server.add(1, () => ({ created_at: late }));
      await cycle.run(testTimeout());
    }
    await arrived(15);
    expect(new Set(harness.lanes.entryIds())).toEqual(new Set(ids(server.entries)));
  });

  it('queues unknown and incomplete entries like the others', async () => {
    const odd = [{ type: 'teleport_log_entry' }, { incident: null, service: 7 }, { created_at: 'soon' }, {}];
    const entries = odd.map((fields, index) => ({
      id: `odd ${index}`,
      created_at: new Date().toISOString(),
      ...fields,
    }));
    server.faults.push({ status: 200, body: JSON.stringify({ log_entries: [null, ...entries], more: false }) });
    await (await harness.newCycle()).run(testTimeout());
    await arrived(4);
    expect(new Set(harness.lanes.entryIds())).toEqual(new Set(ids(entries)));
  });

  it('dead-letters what cannot be converted to a webhook, once, and queues the rest', async () => {
    const created_at = new Date().toISOString();
    const odd = [null, 7, 'text', [], true].map((value) => JSON.stringify(value));
    const deep = `{"id":"deep","created_at":"${created_at}","incident":{"x":${'['.repeat(20_000)}${']'.repeat(20_000)}}}`;
    const body = `{"log_entries":[${odd.join()},${deep},{"id":"R1","created_at":"${created_at}"}],"more":false}`;
    server.faults.push({ status: 200, body }, { status: 200, body });
    const cycle = await harness.newCycle();
    await cycle.run(testTimeout());
    await cycle.run(testTimeout());
    await arrived(1);
    const deadLetters = await drainDeadLetters(servers.amqpUrl);
    expect(deadLetters.map(({ content }) => content.toString()).sort()).toEqual(
      [...odd, JSON.stringify({ id: 'deep', type: 'log_entry', createdAt: Date.parse(created_at) })].sort(),
    );
    expect(new Set(deadLetters.map(({ properties }) => String(properties.messageId))).size).toBe(6);
    expect(harness.lanes.entryIds()).toEqual(['R1']);
  });

  it('publishes nothing while Redis accepts no writes', async () => {
    server.add(3);
    const store = await harness.newStore();
    const cursor = new RefusingCursor(store);
    await expect((await harness.newCycle({ store, cursor })).run(testTimeout())).rejects.toMatchObject({
      code: 'refused',
    });
    expect(server.requests).toEqual([]);
  });

  it('publishes nothing more once the check fails', async () => {
    server.add(5, ofOneIncident);
    let left = 2;
    const check = () => {
      left -= 1;
      if (left < 0) throw new Error('no more');
    };
    await expect((await harness.newCycle()).run(testTimeout(), check)).rejects.toThrow('no more');
    await arrived(2);
    await (await harness.newCycle()).run(testTimeout());
    await arrived(5);
    expect(harness.lanes.entryIds()).toEqual(ids(server.entries));
  });

  it('flags unseen entries before the cursor as possible duplicates: they may have been published and forgotten', async () => {
    const store = await harness.newStore();
    const cycle = await harness.newCycle({ store });
    server.add(2);
    await cycle.run(testTimeout());
    await store.run((redis) => redis.flushdb());
    const [fresh] = server.add(1, () => ({ created_at: new Date(Date.now() + 1_000).toISOString() }));
    await cycle.run(testTimeout());
    await arrived(5);
    const asked = harness.lanes.messages
      .map(({ maybeDuplicate }, index) => [harness.lanes.entryIds()[index] === fresh?.id, maybeDuplicate])
      .slice(2);
    expect(asked.sort()).toEqual([
      [false, true],
      [false, true],
      [true, false],
    ]);
  });

  it('omits entries of other services', async () => {
    server.add(4, (index) => ({ service: { id: index % 2 === 0 ? 'MINE' : 'THEIRS' } }));
    server.add(1, () => ({ service: undefined }));
    await (await harness.newCycle({ services: ['MINE'] })).run(testTimeout());
    await arrived(2);
    expect(harness.lanes.entryIds()).toHaveLength(2);
  });
});
