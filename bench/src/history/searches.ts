import { type History, type SearchOptions } from '@pdaltagent/history';
import { hostOf, idOf, keyOf } from './facts';

const ROUNDS = 20;

export interface SearchTime {
  readonly what: string;
  /** Milliseconds. */
  readonly median: number;
  readonly worst: number;
}

/** How long it takes to find messages: other ones in each round. */
export async function timeSearches(history: History, events: number, begin: number): Promise<readonly SearchTime[]> {
  const searches: Readonly<Record<string, (number: number) => SearchOptions>> = {
    id: (number) => ({ id: idOf(number, begin + number) }),
    'a rare word': (number) => ({ text: hostOf(number).split('.')[0] }),
    'a word in a tenth of all': () => ({ text: 'certificate' }),
    'two words': (number) => ({ text: `disk ${hostOf(number)}` }),
    'the beginning of a word': () => ({ text: 'repl' }),
    'a word in an hour': (number) => ({ text: 'backup', since: begin + number, until: begin + number + 3_600_000 }),
    'a routing key': (number) => ({ key: keyOf(number) }),
    'a source': (number) => ({ source: hostOf(number) }),
    'a minute': (number) => ({ since: begin + number, until: begin + number + 60_000 }),
    'those that wait': () => ({ state: 'waiting' }),
  };
  const times: SearchTime[] = [];
  for (const [what, optionsOf] of Object.entries(searches)) {
    const rounds: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const number = Math.floor(((round + 0.5) / ROUNDS) * events);
      const before = performance.now();
      await history.search(optionsOf(number));
      rounds.push(performance.now() - before);
    }
    rounds.sort((a, b) => a - b);
    times.push({ what, median: rounds[ROUNDS / 2] ?? 0, worst: rounds.at(-1) ?? 0 });
  }
  return times;
}
