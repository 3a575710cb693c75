import { simulateCommand } from './simulate-command.fixture';

/** The mutants for which a seed is known. */
function knownMutants(): [name: string, seed: string][] {
  const lines = simulateCommand('--mutant', 'list').output.split('\n');
  return lines.flatMap((line): [string, string][] => {
    const [, name, seed] = /^ {2}(.*) \((\d+)\)$/.exec(line) ?? [];
    return name === undefined || seed === undefined ? [] : [[name, seed]];
  });
}

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
