import { CASES } from './contract-cases.fixture';
import { CLUSTER_CASES } from './contract-cluster-cases.fixture';
import { WAITING } from './contract-waiting.fixture';
import { SimulatedCluster, SimulatedWorld } from './contract-world.fixture';

const SEEDS = 2;

async function traceOf(seed: number): Promise<readonly string[]> {
  const world = new SimulatedWorld(seed);
  for (const [, test] of CASES) await world.run(() => test(world));
  return world.scheduler.trace;
}

describe('the simulated broker', () => {
  it.each([...CASES, ...WAITING])('%s', async (_, test) => {
    for (let seed = 1; seed <= SEEDS; seed += 1) {
      const world = new SimulatedWorld(seed);
      await world.run(() => test(world));
    }
  });

  it.each(CLUSTER_CASES)('%s', async (_, test) => {
    for (let seed = 1; seed <= SEEDS; seed += 1) {
      const world = new SimulatedCluster(seed);
      await world.run(() => test(world));
    }
  });

  it('does the same in the same order for the same seed', async () => {
    const trace = await traceOf(1);
    expect(trace.length).toBeGreaterThan(1_000);
    expect((await traceOf(1)).join('\n') === trace.join('\n')).toBe(true);
    expect((await traceOf(2)).join('\n') === trace.join('\n')).toBe(false);
  });
});
