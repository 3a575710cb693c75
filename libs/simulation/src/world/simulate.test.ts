import { SYSTEM_CLOCK, SYSTEM_RANDOM } from '@pdaltagent/clock';
import { simulateCommand } from '../simulate-command.fixture';
import { type Fault } from './faults';
import { KEPT_SEEDS } from './kept-seeds';
import { Requests } from './requests';
import { simulate } from './simulate';
import { SimulatedPagerDuty } from './simulated-pagerduty';

const SEEDS = 200;

afterEach(() => jest.restoreAllMocks());

/** The checks that a world violates. */
async function violatedBy(seed: number, faults: readonly Fault[]): Promise<readonly string[]> {
  const { problems } = await simulate(seed, { faults });
  return problems.map(({ check }) => check);
}

describe('a simulated world', () => {
  it('does the same in the same order for the same seed', async () => {
    const { trace } = await simulate(7, { isTracing: true });
    expect(trace.length).toBeGreaterThan(5_000);
    expect((await simulate(7, { isTracing: true })).trace.join('\n') === trace.join('\n')).toBe(true);
    expect((await simulate(8, { isTracing: true })).trace.join('\n') === trace.join('\n')).toBe(false);
  });

  it('does the same whether or not its trace is recorded', async () => {
    const traced = await simulate(9, { isTracing: true });
    expect(await simulate(9)).toEqual({ ...traced, trace: [] });
  });

  it('uses neither the time nor the randomness of the machine', async () => {
    const used = jest.fn((): never => {
      throw new Error('of the machine');
    });
    for (const method of ['monotonic', 'wall', 'after'] as const)
      jest.spyOn(SYSTEM_CLOCK, method).mockImplementation(used);
    for (const method of ['fraction', 'bytes'] as const) jest.spyOn(SYSTEM_RANDOM, method).mockImplementation(used);
    const { problems } = await simulate(7);
    expect(problems).toEqual([]);
    expect(used).not.toHaveBeenCalled();
  });

  it('ends only once every request has arrived, however late it is', async () => {
    const sent = jest.spyOn(Requests.prototype, 'sent');
    await simulate(3, { faults: [{ kind: 'PagerDuty processes late', at: 15_000, ms: 15_000, target: 0 }] });
    const requests = sent.mock.results.flatMap((result) => (result.type === 'return' ? [result.value] : []));
    expect(requests.some(({ seen }) => seen === 'timed out')).toBe(true);
    expect(requests.filter(({ fate }) => fate === 'travelling')).toEqual([]);
  });

  it('goes on once everything is delivered, so that what happens afterwards is judged', async () => {
    const { trace } = await simulate(1, { faults: [], isTracing: true });
    const last = trace.findLastIndex((line) => line.includes('PagerDuty processes'));
    expect(Number.parseFloat(trace.at(-1) ?? '') - Number.parseFloat(trace[last] ?? '')).toBeGreaterThan(10);
  });

  it('writes the journal if it is to, and is delivered the same as without', async () => {
    const { trace, problems, hasJournal } = await simulate(7, { isTracing: true, hasJournal: true });
    expect([hasJournal, problems]).toEqual([true, []]);
    for (const service of ['gateway-0', 'worker-0'])
      expect(
        trace.some(
          (line) => line.includes(`journal of ${service}`) && line.includes('basic.publish to pdaltagent.journal'),
        ),
      ).toBe(true);
    for (let seed = 8; seed < 16; seed += 1)
      expect(await simulate(seed, { hasJournal: true })).toMatchObject({ problems: [] });
  });

  it('fails if a service logs a bug of its own', async () => {
    jest.spyOn(SimulatedPagerDuty.prototype, 'post').mockImplementationOnce(() => Promise.reject(new TypeError('x')));
    const { problems } = await simulate(3);
    expect(problems.map(({ check }) => check)).toEqual(['no service logs a bug of its own']);
    expect(problems[0]?.detail).toContain('unexpected exception during an attempt (bug)');
  });
});

describe('in simulated worlds with faults, no event is lost, reordered or held forever', () => {
  it.each(KEPT_SEEDS)('with seed $seed, which failed once: $what', async ({ seed, faults }) => {
    expect(await violatedBy(seed, faults)).toEqual([]);
  });

  it(`with the first ${SEEDS} seeds`, () => {
    expect(simulateCommand('--seeds', String(SEEDS))).toEqual({
      status: 0,
      output: expect.stringMatching(new RegExp(`\n${SEEDS} seeds from 1 in .*: 0 failed\n$`)) as unknown,
    });
  });
});
