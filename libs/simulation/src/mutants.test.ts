import { simulateCommand } from './simulate-command.fixture';

/** The mutants for which a seed is known. */
function knownMutants(): [name: string, seed: string][] {
  const lines = simulateCommand('--mutant', 'list').output.split('\n');
  return lines.flatMap((line): [string, string][] => {
    const [, name, seed] = /^ {2}(.*) \((\d+)\)$/.exec(line) ?? [];
    return name === undefined || seed === undefined ? [] : [[name, seed]];
  });
}

function unknownMutants(): string[] {
  const lines = simulateCommand('--mutant', 'list').output.split('\n');
  return lines.flatMap((line) => /^ {2}(.*) \(no seed known\)$/.exec(line)?.[1] ?? []);
}

it.each(unknownMutants())('the patch of a mutant that no known seed finds fits the sources: %s', (name) => {
  expect(simulateCommand('--mutant', name, '--seeds', '1').output).toMatch(/^1 seeds from 1 in /m);
});

describe('the simulation finds a product that', () => {
  it.each(knownMutants())(
    '%s',
    (name, seed) => {
      // Any change of the product changes what a seed does: if the known one no longer finds it, another does.
      expect(simulateCommand('--mutant', name, '--first', '--seeds', '1000', '--from', seed)).toMatchObject({
        status: 1,
        output: expect.stringMatching(/^seed \d+: .* FAILED\n[^]* violated: /) as unknown,
      });
    },
    300_000,
  );
});
