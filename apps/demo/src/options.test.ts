import { parseOptions, UsageError } from './options';

describe('the options of npm start', () => {
  it.each([
    [[], { kind: 'demo', agreed: false }],
    [['--yes'], { kind: 'demo', agreed: true }],
    [['--check'], { kind: 'check', agreed: false }],
    [['--check', '--fault', 'swap', '--yes'], { kind: 'check', agreed: true, fault: 'swap' }],
    [['--live'], { kind: 'live' }],
    [['--prepare'], { kind: 'prepare', agreed: false }],
    [['--live', '--help'], { kind: 'help' }],
  ])('%j is %j', (args, command) => {
    expect(parseOptions(args, {})).toEqual(command);
  });

  it('agree to installations where nobody can be asked: CI=true', () => {
    expect(parseOptions(['--check'], { CI: 'true' })).toMatchObject({ agreed: true });
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
