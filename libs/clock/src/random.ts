import { randomBytes } from 'node:crypto';

/** Randomness, injected so that a test or a simulation can repeat it. */
export interface Random {
  /** In [0, 1). */
  fraction(): number;
  bytes(count: number): Uint8Array;
}

export const SYSTEM_RANDOM: Random = {
  fraction: () => Math.random(),
  bytes: (count) => randomBytes(count),
};
