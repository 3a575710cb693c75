import { detectorNames, DETECTORS, selectDetectors } from './catalogue';
import { type Detector } from './detector';
import { newBudget, ScanContext } from './scan-context';

function foundBy(detector: Detector, text: string, key = ''): string[] {
  const context = new ScanContext(text, key, newBudget());
  if (!detector.needs(context.traits)) return [];
  return detector.scan(context).map(({ start, end }) => text.slice(start, end));
}

describe.each(DETECTORS.map((detector) => ({ name: detector.name, detector })))('detector $name', ({ detector }) => {
  it.each(detector.examples.matches)('finds $found in "$text"', ({ text, key, found }) => {
    expect(foundBy(detector, text, key)).toContain(found);
  });

  it.each(
    detector.examples.ignores.map((ignored) => (typeof ignored === 'string' ? { text: ignored, key: '' } : ignored)),
  )('ignores "$text"', ({ text, key }) => {
    expect(foundBy(detector, text, key)).toEqual([]);
  });

  it('has examples of what it finds and of what it ignores', () => {
    expect(detector.examples.matches.length).toBeGreaterThan(0);
    expect(detector.examples.ignores.length).toBeGreaterThan(0);
  });
});

describe('the catalogue', () => {
  it('has unique names', () => {
    expect(new Set(DETECTORS.map((detector) => detector.name)).size).toBe(DETECTORS.length);
    expect(new Set(detectorNames).size).toBe(detectorNames.length);
  });

  it('does not include in the core what responders need', () => {
    const core = selectDetectors(['core']);
    const kinds = 'unknown' in core ? [] : core.map((detector) => detector.kind);
    for (const kind of ['IP_ADDRESS', 'IPV6_ADDRESS', 'MAC_ADDRESS', 'LINK', 'ZIP_CODE', 'PRICE', 'HEX_COLOR']) {
      expect(kinds).not.toContain(kind);
    }
  });

  it('selects what the first version looked for by the name "seed"', () => {
    const seed = selectDetectors(['seed']);
    const kinds = new Set('unknown' in seed ? [] : seed.map((detector) => detector.kind));
    for (const kind of [
      'EMAIL_ADDRESS',
      'IP_ADDRESS',
      'IPV6_ADDRESS',
      'PHONE',
      'LINK',
      'PRICE',
      'HEX_COLOR',
      'CREDIT_CARD',
    ]) {
      expect(kinds).toContain(kind);
    }
    for (const kind of ['BTC_ADDRESS', 'STREET_ADDRESS', 'ZIP_CODE', 'PO_BOX', 'SSN_NUMBER'])
      expect(kinds).toContain(kind);
    expect(kinds).not.toContain('SECRET');
  });

  it('reports an unknown name', () => {
    expect(selectDetectors(['email', 'emial'])).toEqual({ unknown: 'emial' });
  });
});
