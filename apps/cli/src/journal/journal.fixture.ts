import {
  type Fact,
  type FactBatch,
  type FactContent,
  type FactSource,
  type FactStream,
  type PlacedFact,
  type ReadOptions,
} from '@pdaltagent/journal';
import { MINUTE, NOW } from '../cli.fixture';

export const GATEWAY: FactSource = { service: 'ingest-gateway', host: 'gw1', instance: 'gateway' };
export const WORKER: FactSource = { service: 'delivery-worker', host: 'w1', instance: 'worker' };
export const OPERATOR: FactSource = { service: 'pdaltagent', host: 'bastion', instance: 'operator' };

type Message = { readonly [Name in 'id' | 'alert' | 'key']?: string } & { readonly accepted?: number };

/** What facts say about a message, except for their kind. */
export function messageOf({
  id = 'e1',
  alert = 'db1/disk',
  key = '…d1a6',
  accepted = NOW - 10 * MINUTE,
}: Message = {}) {
  return { group: 'events', id, type: 'v2', action: 'trigger', key, digest: 'digest', alert, accepted } as const;
}

type Reference = ReturnType<typeof messageOf>;

export const accepted = (message: Reference, more: { readonly summary?: string; readonly lane?: number } = {}) =>
  ({
    kind: 'accepted',
    ...message,
    bytes: 312,
    severity: 'critical',
    source: 'db1',
    summary: 'Disk is full',
    ...more,
  }) as const;
export const failed = (message: Reference, attempt = 1) =>
  ({
    kind: 'attempted',
    ...message,
    attempt,
    outcome: 'failed',
    reason: 'server-error',
    status: 503,
    ms: 120,
  }) as const;
export const delivered = (message: Reference, attempt = 1) =>
  ({ kind: 'delivered', ...message, attempt, status: 202, ms: 98 }) as const;
export const deadLettered = (message: Reference) =>
  ({ kind: 'dead-lettered', ...message, reason: 'rejected', status: 400, answer: 'invalid event' }) as const;
export const replayed = ({ group, id }: Reference) => ({ kind: 'replayed', group, id, by: 'ann@bastion' }) as const;
export const discarded = ({ group, id }: Reference) =>
  ({ kind: 'discarded', group, id, from: 'dead letters', by: 'ann@bastion' }) as const;

/** A stream of arrays: each fact is a batch of its process, at the given time or a second after the one before. */
export class FakeStream implements FactStream {
  readonly batches: FactBatch[] = [];
  readonly #sequences = new Map<string, number>();

  add(source: FactSource, ...contents: readonly (FactContent & { readonly at?: number })[]): this {
    for (const content of contents) {
      const sequence = this.#sequences.get(source.instance) ?? 0;
      const fact: Fact = { ...content, at: content.at ?? NOW - 10 * MINUTE + 1_000 * this.batches.length };
      this.batches.push({ offset: this.batches.length, source, sequence, facts: [fact] });
      this.#sequences.set(source.instance, sequence + 1);
    }
    return this;
  }

  /** A batch that is lost. */
  skip(source: FactSource): this {
    this.#sequences.set(source.instance, (this.#sequences.get(source.instance) ?? 0) + 1);
    return this;
  }

  placed(): PlacedFact[] {
    return this.batches.flatMap(({ source, sequence, facts }) =>
      facts.map((fact, index) => ({ fact, source, sequence, index })),
    );
  }

  async *read({ from, onProgress }: ReadOptions): AsyncIterable<FactBatch> {
    await Promise.resolve();
    const first = typeof from === 'object' && 'offset' in from ? from.offset : 0;
    onProgress?.({ offset: first, first: 0, last: this.batches.length - 1 });
    yield* from === 'next' ? [] : this.batches.slice(first);
  }
}
