import { ManualClock } from '@pdaltagent/testing';
import { Registry } from 'prom-client';
import { Clocks } from './clocks';
import { Counters } from './counters';

async function lagIn(registry: Registry): Promise<number> {
  const text = await registry.getSingleMetricAsString('pdaltagent_poller_lag_seconds');
  return Number(/^pdaltagent_poller_lag_seconds (\S+)$/m.exec(text)?.[1]);
}

describe('the lag', () => {
  let registry: Registry;
  let clock: ManualClock;
  let counters: Counters;
  let pagerDuty: number | null;
  beforeEach(() => {
    registry = new Registry();
    clock = new ManualClock();
    pagerDuty = null;
    const log = { warn: () => undefined, info: () => undefined };
    counters = new Counters(registry, new Clocks({ clock, api: { serverNow: () => pagerDuty }, log }));
  });

  it('counts from what was reached to the moment of the question, so that it grows while nothing can be read', async () => {
    counters.setLag(90_000);
    clock.advance(10_000);
    expect(await lagIn(registry)).toBe(100);
    counters.initializeLag(clock.wall());
    expect(await lagIn(registry)).toBe(100);
  });

  it('neither jumps nor stops with this machine’s clock', async () => {
    counters.setLag(0);
    clock.advance(30_000);
    for (const jump of [-7_200_000, 3 * 86_400_000]) {
      clock.jump(jump);
      expect(await lagIn(registry)).toBe(30);
    }
  });

  it('is that by PagerDuty’s clock, if it is known', async () => {
    pagerDuty = clock.wall() + 3_600_000;
    counters.initializeLag(pagerDuty - 5_000);
    expect(await lagIn(registry)).toBe(5);
  });

  it('grows from nothing though the log was read to a time that lies ahead', async () => {
    counters.initializeLag(clock.wall() + 86_400_000);
    clock.advance(60_000);
    expect(await lagIn(registry)).toBe(60);
  });

  it('grows while nobody knows who polls, until it is known how far the log is read', async () => {
    counters.pollerUnknown();
    clock.advance(10_000);
    counters.pollerUnknown();
    expect(await lagIn(registry)).toBe(10);
    counters.initializeLag(clock.wall() - 3_600_000);
    expect(await lagIn(registry)).toBe(3_600);
  });

  it('is 0 where another process polls', async () => {
    counters.setLag(90_000);
    counters.setLag(null);
    expect(await lagIn(registry)).toBe(0);
  });
});
