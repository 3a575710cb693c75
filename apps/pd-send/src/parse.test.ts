import { parse, UsageError } from './parse';
import { pdSend } from './pd-send/command';

function given(...words: string[]) {
  return Object.fromEntries(parse(pdSend, words));
}

function problem(...words: string[]): string {
  try {
    parse(pdSend, words);
  } catch (error) {
    if (error instanceof UsageError) return error.message;
    throw error;
  }
  return 'no problem';
}

const REQUIRED = ['-k', 'K', '-t', 'trigger'];

describe('the command line', () => {
  it.each([
    ['-k', 'K', '-t', 'trigger'],
    ['-kK', '-ttrigger'],
    ['-k=K', '--event-type=trigger'],
    ['--service-key', 'K', '--event-type', 'trigger'],
    ['--service-key=K', '--ev', 'trigger'],
    ['--routing-key', 'K', '--event', 'trigger'],
    ['--rout=K', '-ttrigger'],
  ])('accepts an option in every form: %s %s %s %s', (...words) => {
    expect(given(...words)).toEqual({ key: ['K'], type: ['trigger'] });
  });

  it('accepts switches combined with the next option', () => {
    expect(given('-qk', 'K', '-t', 'trigger')).toMatchObject({ quiet: [''], key: ['K'] });
    expect(given('-qkK', '-t', 'trigger')).toMatchObject({ quiet: [''], key: ['K'] });
  });

  it('keeps all fields in order', () => {
    expect(given(...REQUIRED, '-f', 'a=1', '--field=b=2=3', '-fc=')).toMatchObject({ field: ['a=1', 'b=2=3', 'c='] });
  });

  it.each(['-5', '-1.5', '-', '-zebra', '--- disk full ---', '', 'a "quoted" = text\nof two lines'])(
    'accepts %j as a description',
    (text) => {
      expect(given(...REQUIRED, '-d', text)).toMatchObject({ description: [text] });
    },
  );

  it.each<readonly [words: readonly string[], message: string]>([
    [[], 'the following arguments are required: -k/--service-key, -t/--event-type'],
    [['-t', 'trigger'], 'the following arguments are required: -k/--service-key'],
    [['-t', 'trigger', '-k', ''], 'the following arguments are required: -k/--service-key'],
    [
      ['-k', 'K', '-t', 'x'],
      "argument -t/--event-type: invalid choice: 'x' (choose from 'trigger', 'acknowledge', 'resolve')",
    ],
    [
      [...REQUIRED, '-s', 'fatal'],
      "argument -s/--severity: invalid choice: 'fatal' (choose from 'critical', 'error', 'warning', 'info')",
    ],
    [[...REQUIRED, '-d'], 'argument -d/--description: expected one argument'],
    [[...REQUIRED, '-d', '-q'], 'argument -d/--description: expected one argument'],
    [[...REQUIRED, '--client', '--quiet'], 'argument -c/--client: expected one argument'],
    [[...REQUIRED, '--cl', 'x'], 'ambiguous option: --cl could match --class, --client, --client-url'],
    [[...REQUIRED, '--nope', 'x', 'y'], 'unrecognized arguments: --nope x y'],
    [[...REQUIRED, '--', '-q'], 'unrecognized arguments: -q'],
    [[...REQUIRED, '--quiet=yes'], "argument -q/--quiet: ignored explicit argument 'yes'"],
  ])('reports what is wrong with %j', (words, message) => expect(problem(...words)).toBe(message));

  it('shows help even if required options are missing', () => {
    expect(given('-h')).toEqual({ help: [''] });
  });
});
