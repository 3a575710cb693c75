import { randomBytes, randomFillSync } from 'node:crypto';

/** Randomness, injected so that a test or a simulation can repeat it. */
export interface Random {
  /** In [0, 1). */
  fraction(): number;
  /** Cryptographically secure; the caller may modify the result. */
  bytes(count: number): Uint8Array;
}

/** Calling the generator takes ten times as long as slicing the bytes of an id off a pool. */
const POOL_BYTES = 4_096;
let pool = Buffer.alloc(0);

export const SYSTEM_RANDOM: Random = {
  fraction: () => Math.random(),
  bytes: (count) => {
    if (count > POOL_BYTES) return randomBytes(count);
    if (count > pool.length) pool = randomFillSync(Buffer.allocUnsafeSlow(POOL_BYTES));
    const bytes = pool.subarray(0, count);
    pool = pool.subarray(count);
    return bytes;
  },
};
