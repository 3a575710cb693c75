import { faultsIn } from './command-faults';

const FAULT = { kind: 'a key hangs', at: 4_000, ms: 9_000, target: 0.5 };

function refusalOf(...faults: readonly unknown[]): string {
  try {
    faultsIn(JSON.stringify(faults));
  } catch (error) {
    return String(error);
  }
  return 'accepted';
}

describe('--faults', () => {
  it('accepts what a replay prints', () => {
    const faults = [FAULT, { ...FAULT, isAimed: true }];
    expect(faultsIn(JSON.stringify(faults))).toEqual(faults);
    expect(faultsIn('[]')).toEqual([]);
  });

  it.each([
    ['what is no JSON', 'kind', /^Error: --faults must be a JSON array such as '\[.*\]': Unexpected token /],
    ['what is no array', '{}', /^Error: --faults must be a JSON array such as '\[.*\]', not \{\}$/],
  ])('refuses %s', (_what, text, message) => {
    expect(() => faultsIn(text)).toThrow();
    try {
      faultsIn(text);
    } catch (error) {
      expect(String(error)).toMatch(message);
    }
  });

  it.each([
    [7, 'must be an object with kind, at, ms, target, isAimed, not 7'],
    [
      { ...FAULT, kind: 'a key sleeps' },
      '"kind" must be one of the kinds below, not "a key sleeps":\n  a lane does not answer\n',
    ],
    [
      { ...FAULT, kind: undefined },
      '"kind" must be one of the kinds below, but is missing:\n  a lane does not answer\n',
    ],
    [{ ...FAULT, at: -1 }, '"at" must be when it begins, from 0 to 30000 ms, not -1'],
    [{ ...FAULT, at: '4000' }, '"at" must be when it begins, from 0 to 30000 ms, not "4000"'],
    [
      { ...FAULT, ms: undefined },
      '"ms" must be how long it lasts, from 0 to 26000 ms (faults end by 30000 ms), but is missing',
    ],
    [
      { ...FAULT, ms: 26_001 },
      '"ms" must be how long it lasts, from 0 to 26000 ms (faults end by 30000 ms), not 26001',
    ],
    [{ ...FAULT, target: 1 }, '"target" must be a fraction from 0 to below 1, not 1'],
    [{ ...FAULT, isAimed: 'yes' }, '"isAimed" must be true or false, not "yes"'],
    [{ ...FAULT, aimed: true }, 'has an unknown member "aimed": its members are kind, at, ms, target, isAimed'],
  ])('refuses %j, and says which member is wrong and what is wanted', (fault, message) => {
    const refusal = refusalOf(FAULT, fault);
    expect(refusal).toContain('--faults: fault 2');
    expect(refusal).toContain(message);
  });
});
