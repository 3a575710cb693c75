import { ManualClock, waitUntil } from '@pdaltagent/testing';
import fc from 'fast-check';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { failNextSync } from './failing-sync.fixture';
import { Spool } from './spool';

const LANES_FOLDER = [0, 1, 255];
const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
const MAXIMUM_BYTES = 4_000;

type Step =
  | { readonly kind: 'append'; readonly lanes: readonly number[]; readonly fails: boolean }
  | { readonly kind: 'erase'; readonly at: number }
  | { readonly kind: 'recover' | 'restart' };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('append' as const),
      lanes: fc.array(fc.constantFrom(...LANES_FOLDER), { minLength: 1, maxLength: 8 }),
      fails: fc.integer({ min: 0, max: 5 }).map((number) => number === 0),
    }),
  },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('erase' as const), at: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('recover' as const, 'restart' as const) }) },
);

/** Runs steps on a spool and compares it with a model after each. */
class SpoolModel {
  readonly #folder = mkdtempSync(path.join(tmpdir(), 'property-'));
  readonly #clock = new ManualClock();
  #spool: Spool | undefined;
  #next = 1;
  #expected: { readonly lane: number; readonly sequence: number; readonly content: string }[] = [];

  async run(steps: readonly Step[]): Promise<void> {
    try {
      for (const next of [...steps, { kind: 'restart' as const }]) {
        await this.#step(next);
        await this.#compare();
      }
    } finally {
      await this.#spool?.close();
      rmSync(this.#folder, { recursive: true });
    }
  }

  async #step(next: Step): Promise<void> {
    const spool = await this.#open();
    switch (next.kind) {
      case 'append':
        if (next.fails) failNextSync();
        await Promise.all(next.lanes.map((lane) => this.#append(spool, lane)));
        // An append that is rejected without a write leaves the injected fault for the next.
        jest.restoreAllMocks();
        return;
      case 'erase': {
        const [erased] = this.#expected.splice(next.at % Math.max(1, this.#expected.length), 1);
        if (erased !== undefined) spool.erase(erased.lane, erased.sequence, erased.content.length);
        return;
      }
      case 'recover':
        return this.#recover(spool);
      case 'restart':
        await spool.close();
        this.#spool = undefined;
    }
  }

  async #append(spool: Spool, lane: number): Promise<void> {
    const sequence = this.#next;
    this.#next += 1;
    const content = `event ${sequence} `.repeat(1 + (sequence % 20));
    try {
      await spool.append(lane, sequence, Buffer.from(content));
    } catch {
      return;
    }
    this.#expected.push({ lane, sequence, content });
  }

  async #recover(spool: Spool): Promise<void> {
    if (spool.condition !== 'failing') return;
    await waitUntil(
      () => {
        this.#clock.advance(1_000);
        return spool.condition !== 'failing';
      },
      { what: 'the spool to be reopened', intervalMs: 1 },
    );
  }

  async #compare(): Promise<void> {
    const spool = await this.#open();
    for (const lane of LANES_FOLDER) {
      const expected = this.#expected.filter((entry) => entry.lane === lane).sort((a, b) => a.sequence - b.sequence);
      const found = await spool.read(lane, 0, { entries: 1_000, bytes: Infinity });
      expect(found.map(({ sequence, content }) => ({ lane, sequence, content: content.toString() }))).toEqual(expected);
      const bytes = expected.reduce((sum, { content }) => sum + content.length, 0);
      expect([spool.entriesOf(lane), spool.bytesOf(lane)]).toEqual([expected.length, bytes]);
      expect(bytes).toBeLessThanOrEqual(MAXIMUM_BYTES * 0.75);
    }
    expect(spool.entries).toBe(this.#expected.length);
    const sequences = this.#expected.map(({ sequence }) => sequence);
    expect(await spool.oldestSequence()).toBe(sequences.length === 0 ? undefined : Math.min(...sequences));
  }

  async #open(): Promise<Spool> {
    this.#spool ??= await Spool.open(path.join(this.#folder, '0'), {
      maximumBytes: MAXIMUM_BYTES,
      log,
      clock: this.#clock,
    });
    if (this.#spool === undefined) throw new Error('the folder is locked');
    return this.#spool;
  }
}

it('contains exactly what was appended successfully and not erased, whatever fails or restarts in between', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 25 }), (steps) => new SpoolModel().run(steps)),
    { numRuns: 60 },
  );
});
