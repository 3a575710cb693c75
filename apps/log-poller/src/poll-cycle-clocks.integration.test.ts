import { Cursor, type Store } from '@pdaltagent/store';
import { waitUntil } from '@pdaltagent/testing';
import { ids, testTimeout } from './poll-cycle-harness.fixture';
import { pollCycleTest } from './poll-cycle-test.fixture';
import { ShiftedClock } from './shifted-clock.fixture';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

const test = pollCycleTest();
let store: Store;

beforeEach(async () => {
  store = await test.harness.newStore();
});

/** Resolves once every entry of PagerDuty's log has arrived. */
const allArrived = () =>
  waitUntil(() => new Set(test.harness.lanes.entryIds()).size >= test.server.entries.length, {
    what: 'all webhooks on the lanes',
  });
const cursorNow = async () => (await new Cursor(store).read())?.cursor ?? 0;
const setCursor = (at: number) => new Cursor(store).advance({ start: at, cursor: at });
const tomorrow = () => new Date(Date.now() + DAY);

describe('a Date of tomorrow', () => {
  it('of a proxy’s 502 does not move the cursor, nor do pages without a Date after it', async () => {
    const cycle = await test.harness.newCycle({ store });
    test.server.date = () => null;
    test.server.faults.push({ status: 502, headers: { date: tomorrow().toUTCString() }, body: '<html>' });
    await cycle.run(testTimeout());
    await cycle.run(testTimeout());
    expect(await cursorNow()).toBeLessThanOrEqual(Date.now());
    test.server.add(3);
    await cycle.run(testTimeout());
    await allArrived();
  });

  it('of the pages themselves moves the cursor no further than this machine’s clock, and the difference is logged', async () => {
    const cycle = await test.harness.newCycle({ store });
    test.server.date = tomorrow;
    await cycle.run(testTimeout());
    await cycle.run(testTimeout());
    expect(await cursorNow()).toBeLessThanOrEqual(Date.now());
    test.server.add(3);
    await cycle.run(testTimeout());
    await allArrived();
    expect(
      test.harness.log.lines.filter((line) => line.startsWith('the clocks of this machine and of PagerDuty')),
    ).toEqual([expect.stringContaining('differ')]);
  });

  it('of an entry does not move the cursor', async () => {
    const cycle = await test.harness.newCycle({ store });
    test.server.add(1, () => ({ created_at: new Date(Date.now() + 45_000).toISOString() }));
    await cycle.run(testTimeout());
    await cycle.run(testTimeout());
    expect(await cursorNow()).toBeLessThanOrEqual(Date.now());
  });
});

describe.each([
  ['two hours slow', -2 * HOUR],
  ['two hours fast', 2 * HOUR],
  ['three days slow', -3 * DAY],
  ['three days fast', 3 * DAY],
])('a machine’s clock that is %s', (_name, aheadMs) => {
  it('causes no log entry to be missed, from the first start on', async () => {
    const clock = new ShiftedClock(aheadMs);
    const cycle = await test.harness.newCycle({ store, clock });
    test.server.add(2);
    for (let count = 0; count < 3; count += 1) {
      await cycle.run(testTimeout());
      test.server.add(2);
      test.server.add(1, () => ({ created_at: new Date(Date.now() - 50_000).toISOString() }));
    }
    await cycle.run(testTimeout());
    await allArrived();
    expect(await cursorNow()).toBeLessThanOrEqual(Math.min(Date.now(), clock.wall()));
  });

  it('causes none to be missed by the process that continues after an outage', async () => {
    await setCursor(Date.now() - 5 * DAY);
    test.server.add(10, (index) => ({
      created_at: new Date(Date.now() - (4 * DAY * (10 - index)) / 10).toISOString(),
    }));
    await (await test.harness.newCycle({ store, clock: new ShiftedClock(aheadMs) })).run(testTimeout());
    await allArrived();
  });

  it('causes none to be missed if PagerDuty’s responses have no Date', async () => {
    await setCursor(Date.now() - HOUR);
    test.server.date = () => null;
    const cycle = await test.harness.newCycle({ store, clock: new ShiftedClock(aheadMs) });
    for (let count = 0; count < 3; count += 1) {
      test.server.add(2);
      test.server.add(1, () => ({ created_at: new Date(Date.now() - 50_000).toISOString() }));
      await cycle.run(testTimeout());
    }
    await allArrived();
  });
});

it('misses nothing if the machine’s clock is set forward and back between two cycles', async () => {
  const clock = new ShiftedClock(0);
  const cycle = await test.harness.newCycle({ store, clock });
  for (const aheadMs of [0, DAY, -DAY, 0]) {
    clock.aheadMs = aheadMs;
    await cycle.run(testTimeout());
    test.server.add(2);
  }
  await cycle.run(testTimeout());
  await allArrived();
});

describe('a cursor ahead of PagerDuty’s clock', () => {
  it('that a previous version left there is moved back, with an error in the log, so that the poller continues at once', async () => {
    await setCursor(Date.now() + DAY);
    const cycle = await test.harness.newCycle({ store });
    await cycle.run(testTimeout());
    test.server.add(2);
    await cycle.run(testTimeout());
    await allArrived();
    expect(await cursorNow()).toBeLessThanOrEqual(Date.now());
    expect(test.harness.log.lines.filter((line) => line.startsWith('the cursor is ahead'))).toHaveLength(1);
  });

  it('stays if PDAGENTD_POLL_SINCE put it there', async () => {
    const since = Math.floor(Date.now() / 1000) * 1000 + HOUR;
    const cycle = await test.harness.newCycle({ store, since });
    await cycle.run(testTimeout());
    test.server.add(2);
    await cycle.run(testTimeout());
    expect(await cursorNow()).toBe(since);
    expect(ids(test.server.entries)).toHaveLength(2);
    expect(test.harness.lanes.entryIds()).toEqual([]);
  });
});
