import { type Fault } from './faults';
import { explain, KNOWN_FAULTS, type KnownFault, type KnownFaultName } from './known-faults';
import { OPEN_SEEDS } from './kept-seeds';
import { type Mechanism } from './mechanisms';
import { type Problem } from './oracle';
import { simulateCommand } from '../simulate-command.fixture';
import { simulate } from './simulate';
import { SimulatedPagerDuty } from './simulated-pagerduty';

const seed = 35;
const faults: readonly Fault[] = [{ kind: 'a lane has no leader', at: 4_575, ms: 13_406, target: 0.45 }];

/** @param lane of which it violates a check */
function overtaking(lane: number | undefined): Problem {
  const check = 'an event is processed after a later one of its alert only for a documented reason';
  const evidence = [{ at: 5_000, text: 'x' }];
  return { check, detail: 'x', messages: ['later', 'overtaken'], evidence, ...(lane !== undefined && { lane }) };
}

describe('a failure of a seed', () => {
  it('is known if a known fault violates its checks, and does not show without what shows that fault', async () => {
    expect(await explain(await simulate(seed, { faults }))).toEqual(['a queue without a leader']);
  });

  it('is not known if another check is violated, too', async () => {
    const failed = await simulate(seed, { faults });
    const check = 'a dead letter has the reason for which it cannot be delivered, and is complete';
    expect(await explain({ ...failed, problems: [...failed.problems, { check, detail: 'x' }] })).toEqual([]);
  });

  it('is not known if nothing that shows the known fault occurs', async () => {
    const failed = await simulate(seed, { faults });
    expect(await explain({ ...failed, faults: [] })).toEqual([]);
  });

  describe('by which a message was overtaken', () => {
    const shown: Fault = { kind: 'a siding does not answer', at: 3_000, ms: 200, target: 0 };
    const what = 'a worker is told that a siding of its lane is empty, which is not so';
    const believed: Mechanism = { what, at: 4_000, lane: 1, messages: new Set(['another', 'overtaken']) };

    async function explained(mechanism: Mechanism, lane?: number): Promise<readonly KnownFaultName[]> {
      const passed = await simulate(1, { faults: [] });
      return explain({ ...passed, faults: [shown], problems: [overtaking(lane)], mechanisms: [mechanism] });
    }

    it('is known only if what the known fault needs occurred in its lane, with one of its messages, and before', async () => {
      expect(await explained(believed, 1)).toEqual(['0 messages are believed']);
      expect(await explained({ ...believed, lane: 0 }, 1)).toEqual([]);
      expect(await explained({ ...believed, at: 6_000 }, 1)).toEqual([]);
      expect(await explained({ ...believed, messages: new Set(['another']) }, 1)).toEqual([]);
      expect(await explained({ ...believed, what: 'the single active consumer is demoted' }, 1)).toEqual([]);
    });

    it('is not known if it does not say of which lane it is', async () => {
      expect(await explained(believed)).toEqual([]);
    });

    it('is known if without what shows the known fault it fails as another known fault does', async () => {
      const failed = await simulate(seed, { faults });
      const mechanisms = [...failed.mechanisms, believed];
      const both = { ...failed, problems: [overtaking(1)], faults: [...faults, shown], mechanisms };
      expect(await explain(both)).toEqual(['0 messages are believed', 'a queue without a leader']);
    });
  });

  it('is not known if without what shows the known fault it fails in an unknown way', async () => {
    const failed = await simulate(seed, { faults });
    jest.spyOn(SimulatedPagerDuty.prototype, 'post').mockImplementationOnce(() => Promise.reject(new TypeError('x')));
    expect(await explain(failed)).toEqual([]);
    jest.restoreAllMocks();
  });

  it('is not known if a worker forgets what it has delivered, although a consumer was demoted before', () => {
    const mutant = 'forgets a delivered id';
    const others: readonly Fault[] = [
      { kind: 'PagerDuty is slow', at: 7_000, ms: 9_000, target: 0.11 },
      { kind: 'a node is cut off from the others', at: 10_000, ms: 700, target: 0.5 },
    ];
    const { status, output } = simulateCommand('--seed=3', `--mutant=${mutant}`, `--faults=${JSON.stringify(others)}`);
    expect(output).not.toContain('This is a known fault');
    expect(status).toBe(1);
  });

  it('of each kind has a seed that shows it', () => {
    expect(new Set(OPEN_SEEDS.map(({ known }) => known))).toEqual(new Set(Object.keys(KNOWN_FAULTS)));
    for (const { known, faults: all, check } of OPEN_SEEDS) {
      const { shownBy, violates }: KnownFault = KNOWN_FAULTS[known];
      expect(violates.flatMap(({ checks }) => checks)).toContain(check);
      expect(all.some(({ kind }) => shownBy.includes(kind))).toBe(true);
    }
  });
});
