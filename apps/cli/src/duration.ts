const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1_000],
] as const;

/** A duration in its largest whole unit: `3 d`, `5 h`, `12 min`, `0 s`. */
export function durationOf(milliseconds: number): string {
  const [name, length] = UNITS.find(([, unit]) => milliseconds >= unit) ?? ['s', 1_000];
  return `${Math.max(0, Math.floor(milliseconds / length))} ${name}`;
}

/** ISO 8601, in whole seconds; a dash if unknown. */
export function instantOf(time: number | undefined): string {
  return time === undefined ? '-' : new Date(time).toISOString().replace(/\.\d+Z$/, 'Z');
}
