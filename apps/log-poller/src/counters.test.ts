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

  it('counts up to the moment of the scrape, so that it grows while nothing can be read', async () => {
    counters.setLag(90_000);
    clock.advance(10_000);
    expect(await lagIn(registry)).toBe(100);
    counters.initializeLag(clock.wall());
    expect(await lagIn(registry)).toBe(100);
  });

  it('neither jumps nor stops when this machine’s clock is set', async () => {
    counters.setLag(0);
    clock.advance(30_000);
    for (const jump of [-7_200_000, 3 * 86_400_000]) {
      clock.jump(jump);
      expect(await lagIn(registry)).toBe(30);
    }
  });

  it('is by PagerDuty’s clock, if that is known', async () => {
    pagerDuty = clock.wall() + 3_600_000;
    counters.initializeLag(pagerDuty - 5_000);
    expect(await lagIn(registry)).toBe(5);
  });

  it('grows from 0 even if the log was read up to a time in the future', async () => {
    counters.initializeLag(clock.wall() + 86_400_000);
    clock.advance(60_000);
    expect(await lagIn(registry)).toBe(60);
  });

  it('grows while it is unknown which process polls, until the position in the log is known', async () => {
    counters.pollerUnknown();
    clock.advance(10_000);
    counters.pollerUnknown();
    expect(await lagIn(registry)).toBe(10);
    counters.initializeLag(clock.wall() - 3_600_000);
    expect(await lagIn(registry)).toBe(3_600);
  });

  it('is 0 while another process polls', async () => {
    counters.setLag(90_000);
    counters.setLag(null);
    expect(await lagIn(registry)).toBe(0);
  });
});
