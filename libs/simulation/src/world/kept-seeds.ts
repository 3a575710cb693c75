/** Seeds that once failed, by number: what each of them found. */
export const KEPT_SEEDS: Readonly<Record<number, string>> = {};
