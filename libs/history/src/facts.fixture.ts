import { type Fact, type FactBatch, type FactSource, type MessageReference } from '@pdaltagent/journal';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type HistoryDatabase } from './database';
import { openIndex } from './index-file';
import { IndexWriter } from './index-writer';

export const NOON = Date.UTC(2026, 0, 1, 12);

export const GATEWAY: FactSource = {
  service: 'ingest-gateway',
  host: 'a',
  instance: '00000000-0000-4000-8000-00000000000a',
};
export const WORKER: FactSource = {
  service: 'delivery-worker',
  host: 'b',
  instance: '00000000-0000-4000-8000-00000000000b',
};

export const idOf = (number: number): string => `01900000-0000-7000-8000-${String(number).padStart(12, '0')}`;

/** An event whose number is its second after noon, too. */
export function event(number: number, others: Partial<MessageReference> = {}): MessageReference {
  return {
    group: 'events',
    id: idOf(number),
    type: 'v2',
    action: 'trigger',
    key: '…d1a6',
    digest: 'digest-of-d1a6',
    alert: `host-${number}/disk`,
    accepted: NOON + number * 1_000,
    ...others,
  };
}

/** A webhook to the destination `chat`. */
export const webhook = (number: number): MessageReference => ({
  group: 'webhooks',
  id: idOf(number),
  type: 'webhook',
  key: 'chat',
  accepted: NOON + number * 1_000,
});

type Texts = Partial<Record<'summary' | 'source' | 'severity', string>>;

export const accepted = (reference: MessageReference, texts: Texts = {}): Fact => ({
  kind: 'accepted',
  at: reference.accepted,
  bytes: 300,
  severity: 'critical',
  source: 'host.example',
  summary: 'Disk is full',
  ...texts,
  ...reference,
});

export const delivered = (reference: MessageReference, attempt = 1): Fact => ({
  kind: 'delivered',
  at: reference.accepted + 120,
  attempt,
  status: 202,
  ms: 80,
  ...reference,
});

export const failed = (reference: MessageReference, attempt = 1, answer = 'try later'): Fact => ({
  kind: 'attempted',
  at: reference.accepted + 60 + attempt,
  attempt,
  outcome: 'failed',
  reason: 'server-error',
  status: 503,
  answer,
  ms: 40,
  ...reference,
});

export const deadLettered = (reference: MessageReference): Fact => ({
  kind: 'dead-lettered',
  at: reference.accepted + 200,
  reason: 'rejected',
  status: 400,
  ...reference,
});

/** Batches of two processes, with offsets and sequences that go on. */
export class Batches {
  readonly all: FactBatch[] = [];
  readonly #sequences = new Map<FactSource, number>();
  #offset: number;

  constructor(firstOffset = 0) {
    this.#offset = firstOffset;
  }

  add(source: FactSource, ...facts: FactBatch['facts']): FactBatch {
    const sequence = this.#sequences.get(source) ?? 0;
    this.#sequences.set(source, sequence + 1);
    const batch = { offset: this.#offset, source, sequence, facts };
    this.#offset += 1;
    this.all.push(batch);
    return batch;
  }
}

/** A new index in a folder of its own. */
export class TestIndex {
  readonly folder = mkdtempSync(path.join(tmpdir(), 'history-'));
  readonly database: HistoryDatabase = openIndex(this.folder).database;
  readonly #writer = new IndexWriter(this.database);

  write(batches: readonly FactBatch[], oldest = 0): this {
    this.#writer.write(batches, oldest);
    return this;
  }

  [Symbol.dispose](): void {
    this.database.close();
    rmSync(this.folder, { recursive: true });
  }
}
