import { type Limit, LIMITS } from './limits';

/** How often each documented limit explained what would otherwise be a failure, over several seeds. */
export class LimitUsage {
  readonly #arrivals = new Map<string, number>();
  readonly #seeds = new Map<string, number>();

  add(limits: ReadonlyMap<Limit, number>): void {
    for (const [limit, arrivals] of limits) {
      this.#arrivals.set(limit, (this.#arrivals.get(limit) ?? 0) + arrivals);
      this.#seeds.set(limit, (this.#seeds.get(limit) ?? 0) + 1);
    }
  }

  /** Lines of a table. */
  get table(): readonly string[] {
    const names = Object.keys(LIMITS);
    const width = Math.max(...names.map(({ length }) => length));
    const row = (limit: string, arrivals: string, seeds: string): string =>
      `${limit.padEnd(width)}  ${arrivals.padStart(8)}  ${seeds.padStart(6)}`;
    return [
      row('repeated or late only because', 'arrivals', 'seeds'),
      ...names.map((limit) => row(limit, String(this.#arrivals.get(limit) ?? 0), String(this.#seeds.get(limit) ?? 0))),
    ];
  }
}
