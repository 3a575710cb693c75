import { runCommand } from './command';
import { LIMITS } from './world/limits';

async function run(...args: string[]): Promise<{ readonly code: number; readonly output: string }> {
  let output = '';
  const code = await runCommand(args, { write: (text) => (output += text), progress: () => undefined });
  return { code, output };
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

  it('explains itself', async () => {
    expect(await run('--help')).toMatchObject({ code: 0, output: expect.stringContaining('--seeds N') as unknown });
    expect(await run('--seed', 'x')).toMatchObject({
      code: 2,
      output: expect.stringContaining('--seed must be a whole number, not "x"') as unknown,
    });
    expect(await run('--seeds', '0')).toMatchObject({
      code: 2,
      output: expect.stringMatching(/^--seeds must be at least 1, not 0\n/) as unknown,
    });
    expect((await run('--no-such-option')).code).toBe(2);
  });
});
