/** Rotation and lane order of Keccak-f[1600] (FIPS 202, 3.2), lane by lane along the pi permutation. */
const ROTATIONS = [1, 3, 6, 10, 15, 21, 28, 36, 45, 55, 2, 14, 27, 41, 56, 8, 25, 43, 62, 18, 39, 61, 20, 44];
const LANES = [10, 7, 11, 17, 18, 3, 5, 16, 8, 21, 24, 4, 15, 23, 19, 13, 12, 2, 20, 14, 22, 9, 6, 1];
const RATE = 136;
const MASK = (1n << 64n) - 1n;

const rotate = (lane: bigint, bits: number): bigint => ((lane << BigInt(bits)) | (lane >> BigInt(64 - bits))) & MASK;

/** The 24 round constants, from the linear feedback shift register of the standard. */
const ROUND_CONSTANTS = Array.from({ length: 24 }, (_, round) => {
  let constant = 0n;
  for (let bit = 0; bit <= 6; bit += 1) if (feedbackBit(bit + 7 * round)) constant |= 1n << BigInt(2 ** bit - 1);
  return constant;
});

function feedbackBit(steps: number): boolean {
  let register = 1;
  for (let step = 0; step < steps % 255; step += 1) {
    register <<= 1;
    if (register & 0x100) register ^= 0x171;
  }
  return (register & 1) === 1;
}

function permute(state: bigint[]): void {
  const lane = (index: number): bigint => state[index] ?? 0n;
  for (const constant of ROUND_CONSTANTS) {
    const columns = [0, 1, 2, 3, 4].map((x) => lane(x) ^ lane(x + 5) ^ lane(x + 10) ^ lane(x + 15) ^ lane(x + 20));
    for (let index = 0; index < 25; index += 1) {
      const x = index % 5;
      state[index] = lane(index) ^ (columns[(x + 4) % 5] ?? 0n) ^ rotate(columns[(x + 1) % 5] ?? 0n, 1);
    }
    let carried = lane(1);
    LANES.forEach((target, step) => {
      const next = lane(target);
      state[target] = rotate(carried, ROTATIONS[step] ?? 0);
      carried = next;
    });
    for (let row = 0; row < 25; row += 5) {
      const old = [0, 1, 2, 3, 4].map((x) => lane(row + x));
      old.forEach((value, x) => {
        state[row + x] = value ^ (~(old[(x + 1) % 5] ?? 0n) & MASK & (old[(x + 2) % 5] ?? 0n));
      });
    }
    state[0] = lane(0) ^ constant;
  }
}

/** Keccak-256 as Ethereum uses it (padding 0x01, not that of SHA-3), of a text shorter than one block, in hexadecimal. */
export function keccak256(text: string): string {
  const block = Buffer.alloc(RATE);
  block.write(text, 'latin1');
  block[text.length] = 0x01;
  block[RATE - 1] = (block[RATE - 1] ?? 0) | 0x80;
  const state = Array.from({ length: 25 }, (_, index) => (index < RATE / 8 ? block.readBigUInt64LE(index * 8) : 0n));
  permute(state);
  const digest = Buffer.alloc(32);
  state.slice(0, 4).forEach((lane, index) => digest.writeBigUInt64LE(lane, index * 8));
  return digest.toString('hex');
}
