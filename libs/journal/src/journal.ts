import { type Clock, type Random } from '@pdaltagent/clock';
import { type Connect, type Log, type TopologyMode } from '@pdaltagent/messaging';
import { type JournalText } from '@pdaltagent/service';
import { type FactContent, type FactRecorder } from './fact';

/** What the stream keeps. */
export interface JournalLimits {
  readonly maximumAgeSeconds: number;
  readonly maximumBytes: number;
}

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

/** Writes facts to the stream, in batches. */
export class Journal implements FactRecorder {
  readonly #options: JournalOptions;

  constructor(options: JournalOptions) {
    this.#options = options;
  }

  record(content: FactContent): void {
    void [this.#options, content];
  }

  start(): void {
    void this.#options;
  }

  stop(): Promise<void> {
    return Promise.resolve();
  }

  flush(timeoutMs: number): Promise<boolean> {
    return Promise.resolve(timeoutMs < 0);
  }
}
