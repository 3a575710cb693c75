import { Cursor } from '@pdaltagent/store';
import { parseDestinations } from '@pdaltagent/webhooks';
import { ids, ofOneIncident, testTimeout } from './poll-cycle-harness.fixture';
import { pollCycleTest } from './poll-cycle-test.fixture';
import { InterruptedPublisher } from './poll-cycle.fixture';

const test = pollCycleTest();

describe('the position where reading begins', () => {
  it('is five minutes ago at a first start, which is logged', async () => {
    const [, young] = test.server.add(2, (index) => ({
      created_at: new Date(Date.now() - (index === 0 ? 330_000 : 270_000)).toISOString(),
    }));
    const cycle = await test.harness.newCycle();
    await cycle.run(testTimeout());
    await cycle.run(testTimeout());
    await test.arrived(1);
    expect(test.harness.lanes.entryIds()).toEqual([young?.id]);
    expect(test.harness.log.lines.filter((line) => line.startsWith('there is no cursor'))).toHaveLength(1);
  });

  it('is PDAGENTD_POLL_SINCE if that is set, in later processes too', async () => {
    const since = Math.floor(Date.now() / 1000) * 1000 - 7_200_000;
    const [, young] = test.server.add(2, (index) => ({
      created_at: new Date(since + (index * 2 - 1) * 1000).toISOString(),
    }));
    await (await test.harness.newCycle({ since })).run(testTimeout());
    await (await test.harness.newCycle()).run(testTimeout());
    await test.arrived(1);
    expect(test.harness.lanes.entryIds()).toEqual([young?.id]);
  });

  it('is the cursor after a stop, however long ago', async () => {
    const store = await test.harness.newStore();
    const start = Date.now() - 20 * 86_400_000;
    await new Cursor(store).advance({ start, cursor: start });
    const added = test.server.add(3_000, (index) => ({ created_at: new Date(start + index * 500_000).toISOString() }));
    await (await test.harness.newCycle()).run(testTimeout());
    await test.arrived(3_000);
    expect(new Set(test.harness.lanes.entryIds())).toEqual(new Set(ids(added)));
    expect(test.harness.log.lines).toContain('catching up');
  });

  it('is the other’s cursor if Redis is emptied and a standby process takes over', async () => {
    const store = await test.harness.newStore();
    const start = Date.now() - 3_600_000;
    await new Cursor(store).advance({ start, cursor: start });
    const standby = await test.harness.newCycle({ store });
    await standby.standBy(true);
    await store.run((redis) => redis.flushdb());
    const added = test.server.add(1, () => ({ created_at: new Date(start + 60_000).toISOString() }));
    await standby.run(testTimeout());
    await test.arrived(1);
    expect(test.harness.lanes.entryIds()).toEqual(ids(added));
  });

  it('is the cursor in memory if Redis is emptied: entries are repeated with the same ids, and none is skipped', async () => {
    const store = await test.harness.newStore();
    const cycle = await test.harness.newCycle({ store });
    const added = test.server.add(10);
    await cycle.run(testTimeout());
    await store.run((redis) => redis.flushdb());
    added.push(...test.server.add(5));
    await cycle.run(testTimeout());
    await test.arrived(25);
    expect(new Set(test.harness.lanes.entryIds())).toEqual(new Set(ids(added)));
    expect(new Set(test.harness.lanes.messages.map(({ id }) => id)).size).toBe(15);
    expect(test.harness.log.lines.join()).toContain('Redis was emptied');
  });
});

describe('a crash between publishing and marking', () => {
  it('repeats the entry with the same id, flagged as a possible duplicate, and loses nothing', async () => {
    const added = test.server.add(20, ofOneIncident);
    const store = await test.harness.newStore();
    const options = {
      publisher: test.harness.publisher,
      destinations: () => parseDestinations('http://receiver.test/hook') ?? [],
    };
    const webhookPublisher = new InterruptedPublisher({ ...options, config: {} }, store, added[9]?.id ?? '');
    await expect((await test.harness.newCycle({ store, webhookPublisher })).run(testTimeout())).rejects.toMatchObject({
      code: 'unreachable',
    });
    await test.arrived(10);
    await (await test.harness.newCycle()).run(testTimeout());
    await test.arrived(21);
    const expected = [...ids(added).slice(0, 10), ...ids(added).slice(9)];
    expect(test.harness.lanes.entryIds()).toEqual(expected);
    expect(test.harness.lanes.messages[9]?.id).toBe(test.harness.lanes.messages[10]?.id);
    expect(test.harness.lanes.messages[10]?.maybeDuplicate).toBe(true);
  });

  it('keeps the cursor where it was', async () => {
    const added = test.server.add(3);
    const store = await test.harness.newStore();
    const options = {
      publisher: test.harness.publisher,
      destinations: () => parseDestinations('http://receiver.test/hook') ?? [],
    };
    const webhookPublisher = new InterruptedPublisher({ ...options, config: {} }, store, added[1]?.id ?? '');
    await expect((await test.harness.newCycle({ store, webhookPublisher })).run(testTimeout())).rejects.toBeDefined();
    const position = await new Cursor(await test.harness.newStore()).read();
    expect(position?.cursor).toBe(position?.start);
  });
});
