import { runCommand } from './command';
import { progressOf } from './command-search';
import { simulateCommand } from './simulate-command.fixture';
import { LIMITS } from './world/limits';

async function run(...args: string[]): Promise<{ readonly code: number; readonly output: string }> {
  let output = '';
  const load = (): Promise<never> => Promise.reject(new Error('tests run mutants in another process'));
  const code = await runCommand(args, { write: (text) => (output += text), progress: () => undefined }, load);
  return { code, output };
}

/** What follows the results. */
function traceIn(output: string): string {
  return output.slice(output.indexOf('\nWhat happened'));
}

/** As a shell takes them. */
function argumentsIn(command: string): readonly string[] {
  return [...command.matchAll(/(?:'[^']*'|[^' ])+/g)].map(([word]) => word.replaceAll("'", ''));
}

describe('npm run simulate', () => {
  it('prints how many seeds it ran, how fast, and how many failed', async () => {
    const { code, output } = await run('--seeds', '2', '--from', '3');
    expect(output).toMatch(/\n2 seeds from 3 in [\d.]+ s \([\d.]+ per second\): 0 failed\n$/);
    expect(code).toBe(0);
  });

  it('prints how often each documented limit was needed', async () => {
    const { output } = await run('--seeds', '1', '--from', '3');
    expect(output).toMatch(/^repeated or late only because +arrivals +seeds\n/);
    for (const limit of Object.keys(LIMITS)) expect(output).toMatch(new RegExp(`^${limit} +\\d+ +\\d+$`, 'm'));
  });

  it('prints the faults of a seed, and a trace that shows what happened', async () => {
    const { code, output } = await run('--seed', '1');
    expect(output).toMatch(/FAULT begins: [^]* FAULT ends: /);
    expect(output).toContain('gateway-0.1 logs info: events go directly to the broker');
    expect(output).toMatch(/seed 1: \d+ events accepted, \d+ steps, all checks passed\n {2}[\d.]+ s, for [\d.]+ s: /);
    expect(code).toBe(0);
  });

  it('estimates how long the rest of a search takes', () => {
    expect(progressOf(100, 10_000, 20_000)).toBe('100 of 10000 seeds, 5.0 per second, about 33 min left');
    expect(progressOf(9_900, 10_000, 2_000_000)).toBe('9900 of 10000 seeds, 5.0 per second, about 21 s left');
  });

  it('reproduces a failure as the search found it, and with only the faults that it needs, and says what was violated', () => {
    const mutant = ['--mutant', 'delivers new messages of a parked key from its lane'];
    const { output: search } = simulateCommand('--first', '--seeds', '500', ...mutant);
    const [, found = '', command = ''] =
      /^(seed \d+: [^]*?)\nReproduce with a trace: npm run simulate -- (.*)$/m.exec(search) ?? [];
    expect(found).toMatch(/ FAILED\n[^]*\nIt fails in the same way with/);
    const replay = simulateCommand(...argumentsIn(command));
    expect(replay.status).toBe(1);
    expect(replay.output.startsWith(`${found}\n`)).toBe(true);
    expect(replay.output).toMatch(/^> [^]*\nViolated: .*\n {2}.*\n(?: {2}[\d.]+ s: .*\n)+$/m);
    const [, fewer = ''] = /^To run only these: npm run simulate -- (.*)$/m.exec(replay.output) ?? [];
    const replayedFewer = simulateCommand(...argumentsIn(fewer));
    expect(replayedFewer.output).toMatch(/^(Each of its faults is needed|It fails without any fault)\.$/m);
    expect(traceIn(replayedFewer.output)).toBe(traceIn(replay.output));
  });

  it('explains itself', async () => {
    expect(await run('--help')).toMatchObject({ code: 0, output: expect.stringContaining('--seeds N') as unknown });
    const { code, output } = await run('--mutant', 'list');
    expect(output).toMatch(/^the mutants, each with a seed that shows it:\n(?: {2}\S.* \(\d+\)\n)+$/);
    expect(code).toBe(0);
  });

  it.each([
    [['--seed', 'x'], '--seed must be a whole number from 0 to 4294967295, not "x"'],
    [['--seeds', '0'], '--seeds must be a whole number from 1 to 4294967295, not "0"'],
    [['--from', '4294967296'], '--from must be a whole number from 0 to 4294967295, not "4294967296"'],
    [['--no-such-option'], "Unknown option '--no-such-option'"],
    [['--seed'], "Option '--seed <value>' argument missing"],
    [['4711'], "Unexpected argument '4711'"],
    [['--trace'], '--trace needs --seed'],
    [['--faults', '[]'], '--faults needs --seed'],
    [['--seed', '1', '--first'], '--seed, which runs one seed, cannot be combined with --first'],
    [['--mutant', 'x'], '--mutant must be list, all or one of these, not "x":\n  answers before the confirm ('],
    [['--mutant', 'all', '--seed', '1'], '--mutant all cannot be combined with --seed'],
    [['--mutant', 'list', '--seeds', '1'], '--mutant list cannot be combined with --seeds'],
  ])('refuses %j, and says why', async (args, message) => {
    const { code, output } = await run(...args);
    expect(output).toContain(message);
    expect(output).toContain('--help explains the options');
    expect(code).toBe(2);
  });
});
