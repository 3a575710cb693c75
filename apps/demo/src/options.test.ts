import { parseOptions, UsageError } from './options';

describe('the options of npm start', () => {
  it.each([
    [[], { kind: 'demo', assumeYes: false }],
    [['--yes'], { kind: 'demo', assumeYes: true }],
    [['--check'], { kind: 'check', assumeYes: false, faults: [] }],
    [['--check', '--fault', 'swap', '--yes'], { kind: 'check', assumeYes: true, faults: ['swap'] }],
    [
      ['--check', '--fault', 'swap', '--fault', 'double'],
      { kind: 'check', assumeYes: false, faults: ['swap', 'double'] },
    ],
    [['--live'], { kind: 'live' }],
    [['--prepare'], { kind: 'prepare', assumeYes: false }],
    [['--live', '--help'], { kind: 'help' }],
  ])('%j is %j', (args, command) => {
    expect(parseOptions(args, {})).toEqual(command);
  });

  it('agree to installations with CI=true', () => {
    expect(parseOptions(['--check'], { CI: 'true' })).toMatchObject({ assumeYes: true });
  });

  it.each([
    [['--bogus']],
    [['word']],
    [['--check', '--live']],
    [['--fault', 'swap']],
    [['--check', '--fault', 'burn']],
  ])('%j is refused', (args) => {
    expect(() => parseOptions(args, {})).toThrow(UsageError);
  });
});
