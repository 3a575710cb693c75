import { ids, ofOneIncident, testTimeout } from './poll-cycle-harness.fixture';
import { pollCycleTest } from './poll-cycle-test.fixture';
import { drainDeadLetters, RefusingCursor } from './poll-cycle.fixture';

const test = pollCycleTest();

describe('a poll cycle', () => {
  it('queues new entries, oldest first per incident, once for each destination', async () => {
    const added = test.server.add(120, ofOneIncident);
    await (await test.harness.newCycle({ urls: 'http://one.test,http://two.test' })).run(testTimeout());
    await test.arrived(240);
    const [one, two] = ['one.test', 'two.test'].map((host) =>
      test.harness.lanes.messages.flatMap(({ routingKey }, index) =>
        routingKey.startsWith(host) ? [test.harness.lanes.entryIds()[index]] : [],
      ),
    );
    expect(one).toEqual(ids(added));
    expect(two).toEqual(ids(added));
    expect(new Set(test.harness.lanes.messages.map(({ id }) => id)).size).toBe(240);
    expect(new Set(test.harness.lanes.messages.map(({ orderKey }) => orderKey)).size).toBe(2);
  });

  it('queues entries of one second in PagerDuty’s order, including those that appear later', async () => {
    const created_at = new Date(Math.floor(Date.now() / 1000) * 1000).toISOString();
    const cycle = await test.harness.newCycle();
    const addSome = () =>
      test.server.add(150, (index) => ({ ...ofOneIncident(), created_at, id: `R${9_999 - index}` }));
    const added = addSome();
    await cycle.run(testTimeout());
    added.push(...addSome());
    await cycle.run(testTimeout());
    await test.arrived(300);
    expect(test.harness.lanes.entryIds()).toEqual(ids(added));
  });

  it('queues nothing twice, although it reads an overlap again', async () => {
    test.server.add(30);
    const cycle = await test.harness.newCycle();
    await cycle.run(testTimeout());
    const late = test.server.add(1, () => ({ created_at: new Date(Date.now() - 50_000).toISOString() }));
    await cycle.run(testTimeout());
    await test.arrived(31);
    await cycle.run(testTimeout());
    expect(test.harness.lanes.entryIds()).toHaveLength(31);
    expect(test.harness.lanes.entryIds().at(-1)).toBe(late[0]?.id);
  });

  it('misses no entry that appears late, wherever the cursor is then', async () => {
    const cycle = await test.harness.newCycle();
    test.server.add(5);
    await cycle.run(testTimeout());
    for (const secondsLate of [1, 20, 40, 58]) {
      test.server.add(1, () => ({ created_at: new Date(Date.now() - secondsLate * 1000).toISOString() }));
      test.server.add(1);
      await cycle.run(testTimeout());
    }
    await test.arrived(13);
    expect(new Set(test.harness.lanes.entryIds())).toEqual(new Set(ids(test.server.entries)));
  });

  it.each([-30_000, 30_000])('misses nothing when PagerDuty’s clock is %d ms ahead of ours', async (aheadMs) => {
    test.server.clockSkewMs = aheadMs;
    const cycle = await test.harness.newCycle();
    for (let count = 0; count < 3; count += 1) {
      test.server.add(4);
      await cycle.run(testTimeout());
      const late = new Date(Date.now() + aheadMs - 50_000).toISOString();
      test.server.add(1, () => ({ created_at: late }));
      await cycle.run(testTimeout());
    }
    await test.arrived(15);
    expect(new Set(test.harness.lanes.entryIds())).toEqual(new Set(ids(test.server.entries)));
  });

  it('queues unknown and incomplete entries like the others', async () => {
    const odd = [{ type: 'teleport_log_entry' }, { incident: null, service: 7 }, { created_at: 'soon' }, {}];
    const entries = odd.map((fields, index) => ({
      id: `odd ${index}`,
      created_at: new Date().toISOString(),
      ...fields,
    }));
    test.server.faults.push({ status: 200, body: JSON.stringify({ log_entries: [null, ...entries], more: false }) });
    await (await test.harness.newCycle()).run(testTimeout());
    await test.arrived(4);
    expect(new Set(test.harness.lanes.entryIds())).toEqual(new Set(ids(entries)));
  });

  it('dead-letters what cannot be converted to a webhook, once, and queues the rest', async () => {
    const created_at = new Date().toISOString();
    const odd = [null, 7, 'text', [], true].map((value) => JSON.stringify(value));
    const deep = `{"id":"deep","created_at":"${created_at}","incident":{"x":${'['.repeat(20_000)}${']'.repeat(20_000)}}}`;
    const body = `{"log_entries":[${odd.join()},${deep},{"id":"R1","created_at":"${created_at}"}],"more":false}`;
    test.server.faults.push({ status: 200, body }, { status: 200, body });
    const cycle = await test.harness.newCycle();
    await cycle.run(testTimeout());
    await cycle.run(testTimeout());
    await test.arrived(1);
    const deadLetters = await drainDeadLetters(test.servers.amqpUrl);
    expect(deadLetters.map(({ content }) => content.toString()).sort()).toEqual(
      [...odd, JSON.stringify({ id: 'deep', type: 'log_entry', createdAt: Date.parse(created_at) })].sort(),
    );
    expect(new Set(deadLetters.map(({ properties }) => String(properties.messageId))).size).toBe(6);
    expect(test.harness.lanes.entryIds()).toEqual(['R1']);
  });

  it('publishes nothing while Redis accepts no writes', async () => {
    test.server.add(3);
    const store = await test.harness.newStore();
    const cursor = new RefusingCursor(store);
    await expect((await test.harness.newCycle({ store, cursor })).run(testTimeout())).rejects.toMatchObject({
      code: 'refused',
    });
    expect(test.server.requests).toEqual([]);
  });

  it('publishes nothing more once the check fails', async () => {
    test.server.add(5, ofOneIncident);
    let left = 2;
    const check = () => {
      left -= 1;
      if (left < 0) throw new Error('no more');
    };
    await expect((await test.harness.newCycle()).run(testTimeout(), check)).rejects.toThrow('no more');
    await test.arrived(2);
    await (await test.harness.newCycle()).run(testTimeout());
    await test.arrived(5);
    expect(test.harness.lanes.entryIds()).toEqual(ids(test.server.entries));
  });

  it('flags unseen entries before the cursor as possible duplicates: they may have been published and forgotten', async () => {
    const store = await test.harness.newStore();
    const cycle = await test.harness.newCycle({ store });
    test.server.add(2);
    await cycle.run(testTimeout());
    await store.run((redis) => redis.flushdb());
    const [fresh] = test.server.add(1, () => ({ created_at: new Date(Date.now() + 1_000).toISOString() }));
    await cycle.run(testTimeout());
    await test.arrived(5);
    const asked = test.harness.lanes.messages
      .map(({ maybeDuplicate }, index) => [test.harness.lanes.entryIds()[index] === fresh?.id, maybeDuplicate])
      .slice(2);
    expect(asked.sort()).toEqual([
      [false, true],
      [false, true],
      [true, false],
    ]);
  });

  it('omits entries of other services', async () => {
    test.server.add(4, (index) => ({ service: { id: index % 2 === 0 ? 'MINE' : 'THEIRS' } }));
    test.server.add(1, () => ({ service: undefined }));
    await (await test.harness.newCycle({ services: ['MINE'] })).run(testTimeout());
    await test.arrived(2);
    expect(test.harness.lanes.entryIds()).toHaveLength(2);
  });
});
