import { type Clock, type Random, SYSTEM_CLOCK, SYSTEM_RANDOM, uuid } from '@pdaltagent/clock';
import { type Connect, type Log, type TopologyMode } from '@pdaltagent/messaging';
import { type JournalText } from '@pdaltagent/service';
import { hostname } from 'node:os';
import { type JournalLimits } from './declare-stream';
import { type FactContent, type FactRecorder } from './fact';
import { FactBuffer, type Loss } from './fact-buffer';
import { lineOf } from './fact-line';
import { StreamPublisher } from './stream-publisher';

/** How long a fact waits for others of its batch. */
const BATCH_MS = 250;
/** Of lines and batches that wait for the broker. */
const MAX_WAITING_BYTES = 4 * 1_024 * 1_024;
const STOP_FLUSH_MS = 2_000;

/** Counts what becomes of facts. */
export interface JournalObserver {
  readonly onWritten: (facts: number) => void;
  readonly onDropped: (facts: number) => void;
  /** Bytes that wait to be written. */
  readonly onWaiting: (bytes: number) => void;
}

export interface JournalOptions {
  readonly url: string;
  readonly connect?: Connect | undefined;
  readonly service: string;
  /** Of this release. */
  readonly version: string;
  /** By default the name of this host. */
  readonly host?: string | undefined;
  readonly text: JournalText;
  readonly limits: JournalLimits;
  readonly topologyMode?: TopologyMode | undefined;
  readonly log: Log;
  readonly observer?: JournalObserver | undefined;
  readonly clock?: Clock | undefined;
  readonly random?: Random | undefined;
}

const UNOBSERVED: JournalObserver = {
  onWritten: () => undefined,
  onDropped: () => undefined,
  onWaiting: () => undefined,
};

/**
 * Writes facts to the stream, in batches, and keeps them while the broker does not take them: 4 MiB at most. What is dropped then is
 * counted in a `gap` fact as soon as the broker takes facts again.
 */
export class Journal implements FactRecorder {
  readonly #clock: Clock;
  readonly #text: JournalText;
  readonly #version: string;
  readonly #observer: JournalObserver;
  readonly #buffer: FactBuffer;
  readonly #publisher: StreamPublisher;
  /** Monotonic. */
  #startedAt = Number.NEGATIVE_INFINITY;
  #hasStopped = false;
  #dropped = 0;
  #cancelBatch: (() => void) | undefined;
  readonly #onEmpty = new Set<() => void>();

  constructor(options: JournalOptions) {
    const { url, connect, service, host = hostname(), limits, log, random = SYSTEM_RANDOM } = options;
    const { clock = SYSTEM_CLOCK, observer = UNOBSERVED, topologyMode = 'declare' } = options;
    this.#clock = clock;
    this.#text = options.text;
    this.#version = options.version;
    this.#observer = observer;
    this.#buffer = new FactBuffer({
      maximumBytes: MAX_WAITING_BYTES,
      onDropped: (facts) => {
        this.#dropped += facts;
        observer.onDropped(facts);
      },
    });
    this.#publisher = new StreamPublisher({
      url,
      connect,
      limits,
      topologyMode,
      source: { service, host, instance: uuid(random) },
      buffer: this.#buffer,
      log,
      clock,
      random,
      onReady: () => this.#write(),
      onConfirmed: ({ facts }) => this.#onConfirmed(facts),
    });
    this.record({ kind: 'started', version: this.#version });
  }

  record(content: FactContent): void {
    this.#record(content);
  }

  /** Begins to connect; does not wait for the broker. */
  start(): void {
    this.#startedAt = this.#clock.monotonic();
    this.#publisher.start();
  }

  /** Writes what is left, for two seconds at most; at once, if the broker has taken nothing for longer: a stop must not wait for it. */
  async stop(): Promise<void> {
    if (this.#hasStopped) return;
    this.#tellLoss();
    this.record({ kind: 'stopped', version: this.#version });
    this.#hasStopped = true;
    const isConnecting = this.#clock.monotonic() - this.#startedAt < STOP_FLUSH_MS;
    if (this.#publisher.isReady || isConnecting) await this.flush(STOP_FLUSH_MS);
    this.#cancelBatch?.();
    await this.#publisher.close();
  }

  /** Resolves with whether everything that was recorded is in the stream, after this time at the latest. */
  async flush(timeoutMs: number): Promise<boolean> {
    const dropped = this.#dropped;
    this.#write();
    if (!this.#buffer.isEmpty) await this.#emptied(timeoutMs);
    return this.#buffer.isEmpty && this.#dropped === dropped;
  }

  #emptied(timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        cancel();
        this.#onEmpty.delete(done);
        resolve();
      };
      const cancel = this.#clock.after(timeoutMs, done);
      this.#onEmpty.add(done);
    });
  }

  #record(content: FactContent, told?: Loss): void {
    if (this.#hasStopped) return;
    try {
      const at = this.#clock.wall();
      if (this.#buffer.add(lineOf(content, at, this.#text), at, told)) this.#write();
      else this.#cancelBatch ??= this.#clock.after(BATCH_MS, () => this.#write());
    } catch {
      this.#observer.onDropped(1);
    }
  }

  /** Unless the broker takes it, a batch goes on until it is full: many small ones would take more memory. */
  #write(): void {
    this.#cancelBatch?.();
    this.#cancelBatch = undefined;
    try {
      if (this.#publisher.isReady || this.#buffer.isFull) this.#buffer.close();
      this.#observer.onWaiting(this.#buffer.bytes);
      this.#publisher.pump();
    } catch {
      // For example, zlib has no memory: that must not end the process.
      this.#buffer.discard();
    }
  }

  #onConfirmed(facts: number): void {
    this.#observer.onWritten(facts);
    this.#observer.onWaiting(this.#buffer.bytes);
    this.#tellLoss();
    if (this.#buffer.isEmpty) for (const done of this.#onEmpty) done();
  }

  #tellLoss(): void {
    const loss = this.#buffer.takeLoss();
    if (loss !== undefined) this.#record({ kind: 'gap', ...loss }, loss);
  }
}
