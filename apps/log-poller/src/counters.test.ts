import { Registry } from 'prom-client';
import { Counters } from './counters';

async function lagIn(registry: Registry): Promise<number> {
  const text = await registry.getSingleMetricAsString('pdaltagent_poller_lag_seconds');
  return Number(/^pdaltagent_poller_lag_seconds (\S+)$/m.exec(text)?.[1]);
}

describe('the lag', () => {
  it('counts from what was reached to the moment of the question, so that it grows while nothing can be read', async () => {
    const registry = new Registry();
    const counters = new Counters(registry);
    counters.reached(Date.now() - 90_000);
    expect(await lagIn(registry)).toBeGreaterThanOrEqual(90);
    counters.reachedFirst(Date.now());
    expect(await lagIn(registry)).toBeGreaterThanOrEqual(90);
  });

  it('is 0 where another process polls', async () => {
    const registry = new Registry();
    const counters = new Counters(registry);
    counters.reachedFirst(Date.now() - 90_000);
    counters.reached(null);
    expect(await lagIn(registry)).toBe(0);
  });
});
