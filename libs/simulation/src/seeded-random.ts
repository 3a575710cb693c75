import { type Random } from '@pdaltagent/clock';

/**
 * Reproducible randomness: the n-th draw of a site depends on the seed, the site and n alone, so that another draw
 * elsewhere, or a fault left out, does not change it. Not cryptographically secure.
 */
export class SeededRandom implements Random {
  readonly #site: number;
  #draws = 0;

  /** @param site what draws: a process, a connection, a fault */
  constructor(seed: number, site: string) {
    let hash = mix(0, seed);
    for (const byte of Buffer.from(site, 'utf8')) hash = mix(hash, byte);
    this.#site = hash;
  }

  fraction(): number {
    return this.#draw() / 2 ** 32;
  }

  bytes(count: number): Uint8Array {
    return Uint8Array.from({ length: count }, () => this.#draw() >>> 24);
  }

  /** A whole number from 0 to below the limit. */
  below(limit: number): number {
    return Math.floor(this.fraction() * limit);
  }

  /** One of the items. @throws Error if there is none */
  pick<Item>(items: readonly Item[]): Item {
    const item = items[this.below(items.length)];
    if (item === undefined) throw new Error('nothing to choose from');
    return item;
  }

  #draw(): number {
    this.#draws += 1;
    return mix(this.#site, this.#draws);
  }
}

/** 32 bits from two numbers, by the finalizer of MurmurHash3. */
function mix(left: number, right: number): number {
  let hash = Math.imul(left, 0x9e3779b1) ^ Math.imul(right + 1, 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
