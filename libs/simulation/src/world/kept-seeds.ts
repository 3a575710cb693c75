/** Seeds that once failed, by number: what each of them found. */
export const KEPT_SEEDS: Readonly<Record<number, string>> = {};

/** Seeds that fail because of a fault that is not fixed yet: what it is. A fix moves them to `KEPT_SEEDS`. */
export const OPEN_SEEDS: Readonly<Record<number, string>> = {
  55: 'a lane is taken over while one of its sidings does not answer: it is counted as empty, and later messages overtake those in it',
  946: 'the same',
  2352: 'a lane is taken over while one of its sidings does not answer: it is counted as empty, and its messages stay there',
};
