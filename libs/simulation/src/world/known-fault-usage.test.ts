import { KnownFaultUsage } from './known-fault-usage';
import { KNOWN_FAULTS } from './known-faults';

const NAME = 'a silent demotion';
const { mostShown } = KNOWN_FAULTS[NAME];

/** Of a thousand seeds. */
function usageOf(shown: number): KnownFaultUsage {
  const usage = new KnownFaultUsage();
  for (let seed = 0; seed < 1_000; seed += 1) usage.add(seed, seed < shown ? [NAME] : []);
  return usage;
}

describe('a known fault of a search', () => {
  it('has grown if more seeds show it than its share and chance explain', () => {
    expect(usageOf(1_000 * mostShown).grown).toEqual([]);
    expect(usageOf(2_000 * mostShown).grown).toEqual([NAME]);
  });

  it('has not grown because the only seed shows it', () => {
    const usage = new KnownFaultUsage();
    usage.add(7, [NAME]);
    expect(usage.grown).toEqual([]);
  });

  it('is listed with how many seeds show it, how many are expected, and the first one', () => {
    const expected = `${(100 * mostShown).toFixed(1)} % expected`;
    const [line = ''] = usageOf(20).lines;
    expect(line.startsWith(`known fault, 20 seeds (2.0 %, at most ${expected}), the first 0: ${NAME} (`)).toBe(true);
    const [grown = ''] = usageOf(1_000).lines;
    expect(grown).toMatch(/^known fault, SHOWN TOO OFTEN, 1000 seeds /);
  });
});
