import { type Fault } from './faults';
import { explain, KNOWN_FAULTS, type KnownFault } from './known-faults';
import { OPEN_SEEDS } from './kept-seeds';
import { simulate } from './simulate';
import { SimulatedPagerDuty } from './simulated-pagerduty';

const seed = 35;
const faults: readonly Fault[] = [{ kind: 'a lane has no leader', at: 4_575, ms: 13_406, target: 0.45 }];

describe('a failure of a seed', () => {
  it('is known if a known fault violates its checks, and does not show without what shows that fault', async () => {
    expect(await explain(await simulate(seed, { faults }))).toContain('a queue without a leader');
  });

  it('is not known if another check is violated, too', async () => {
    const failed = await simulate(seed, { faults });
    const problems = [...failed.problems, { check: 'a dead letter has a reason', detail: 'x has none' }];
    expect(await explain({ ...failed, problems })).toEqual([]);
  });

  it('is not known if nothing that shows the known fault occurs', async () => {
    const failed = await simulate(seed, { faults });
    expect(await explain({ ...failed, faults: [] })).toEqual([]);
  });

  it('is known if without what shows the known fault it fails as another known fault does', async () => {
    const shown: Fault = { kind: 'a siding does not answer', at: 3_000, ms: 200, target: 0 };
    const problems = [{ check: 'a message is processed again only for a documented reason', detail: 'x' }];
    const failed = { ...(await simulate(seed, { faults })), problems, faults: [...faults, shown] };
    expect(await explain(failed)).toEqual(['0 messages are believed', 'a queue without a leader']);
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
