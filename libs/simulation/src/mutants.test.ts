import { MUTANTS } from './mutants/mutants';
import { simulateCommand } from './simulate-command.fixture';

/** By name of the mutant: what the search for it printed. */
let results: ReadonlyMap<string, string>;

beforeAll(() => {
  // Any change of the product changes what a seed does: if the known one no longer finds a mutant, another does.
  const { output } = simulateCommand('--mutant', 'all');
  results = new Map(output.split('\n').map((line) => [line.slice(0, line.indexOf(': ')), line]));
}, 3_600_000);

describe('the simulation finds a product that, and nothing wrong without the mutant with the same seed:', () => {
  it.each([...MUTANTS.keys()])('%s', (name) => {
    expect(results.get(name)).toMatch(/: found by seed \d+: /);
  });
});
