import { execFileSync } from 'node:child_process';
import { runCli } from './cli.fixture';

const scriptOf = async (shell: string) => (await runCli(['completion', shell], {})).out;

/** The completions of bash for the last of these words. */
async function offered(...words: string[]): Promise<string[]> {
  const script = `${await scriptOf('bash')}
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _pdaltagent; printf '%s\\n' "\${COMPREPLY[@]}"`;
  return execFileSync('bash', ['-c', script, 'bash', ...words], { encoding: 'utf8' })
    .split('\n')
    .filter((line) => line !== '');
}

it('completes commands and options in bash', async () => {
  expect(await offered('pdaltagent', 'dead')).toEqual(['dead-letters']);
  expect(await offered('pdaltagent', 'dead-letters', '')).toEqual(
    expect.arrayContaining(['list', 'replay', 'discard']),
  );
  expect(await offered('pdaltagent', 'dead-letters', '--help', 'list', '--s')).toEqual(['--since']);
  expect(await offered('pdaltagent', 'webhooks', 'replay', '--d')).toEqual(['--destination', '--dry-run']);
  expect(await offered('pdaltagent', 'nowhere', '')).toEqual([]);
});

it('has scripts for zsh and fish, and lists the supported shells', async () => {
  expect(await scriptOf('zsh')).toContain('bashcompinit');
  expect(await scriptOf('fish')).toContain("\"pdaltagent dead-letters\"' -a 'list show replay discard erase --help'");
  const { code, error } = await runCli(['completion', 'tcsh'], {});
  expect(code).toBe(2);
  expect(error).toContain('Allowed choices are bash, zsh, fish');
});
