import { type Fault } from './faults';
import { explain, KNOWN_FAULTS, type KnownFault, type KnownFaultName } from './known-faults';
import { OPEN_SEEDS } from './kept-seeds';
import { type Mechanism } from './mechanisms';
import { type Problem } from './oracle';
import { simulate } from './simulate';
import { SimulatedPagerDuty } from './simulated-pagerduty';

const seed = 35;
const faults: readonly Fault[] = [{ kind: 'a lane has no leader', at: 4_575, ms: 13_406, target: 0.45 }];

/** @param lane of which it violates a check */
function overtaking(lane: number): Problem {
  const check = 'an event is processed after a later one of its alert only for a documented reason';
  return { check, detail: 'x', lane, evidence: [{ at: 5_000, text: 'x' }] };
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
    const what = 'a client gets a wrong count of a queue that it does not consume';

    async function explained(mechanisms: readonly Mechanism[]): Promise<readonly KnownFaultName[]> {
      const passed = await simulate(1, { faults: [] });
      return explain({ ...passed, faults: [shown], problems: [overtaking(1)], mechanisms });
    }

    it('is known only if what the known fault needs occurred in its lane, and before', async () => {
      expect(await explained([])).toEqual([]);
      expect(await explained([{ what, at: 4_000, lane: 0 }])).toEqual([]);
      expect(await explained([{ what, at: 6_000, lane: 1 }])).toEqual([]);
      expect(await explained([{ what, at: 4_000, lane: 1 }])).toEqual(['0 messages are believed']);
    });

    it('is known if without what shows the known fault it fails as another known fault does', async () => {
      const failed = await simulate(seed, { faults });
      const mechanisms = [...failed.mechanisms, { what, at: 4_000, lane: 1 } as const];
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

  it('of each kind has a seed that shows it', () => {
    expect(new Set(OPEN_SEEDS.map(({ known }) => known))).toEqual(new Set(Object.keys(KNOWN_FAULTS)));
    for (const { known, faults: all, check } of OPEN_SEEDS) {
      const { shownBy, checks }: KnownFault = KNOWN_FAULTS[known];
      expect(checks).toContain(check);
      expect(all.some(({ kind }) => shownBy.includes(kind))).toBe(true);
    }
  });
});
