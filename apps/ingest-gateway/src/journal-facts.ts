import { type Clock, SYSTEM_CLOCK } from '@pdaltagent/clock';
import { type AlertTexts, truncateText } from '@pdaltagent/events';
import { type Cause, type Mode } from '@pdaltagent/forwarding';
import { type FactDraft, type FactRecorder, type MessageReferences, withoutRoutingKey } from '@pdaltagent/journal';
import { EVENTS, laneOfMessage, type OutgoingMessage } from '@pdaltagent/messaging';
import { type JournalText } from '@pdaltagent/service';
import { type QuarantineProblem } from '@pdaltagent/spool';

/** Under load a gateway may change its mode many times a second; milliseconds. */
const MODE_EVERY_MS = 1_000;
/** Of each text of an event. */
const MAXIMUM_CHARACTERS = 200;

export interface JournalFactsOptions {
  readonly recorder: FactRecorder;
  readonly references: MessageReferences;
  /** Texts of events are recorded if it is `full`. */
  readonly text: JournalText;
  readonly clock?: Clock;
}

interface ChangedMode {
  readonly mode: Mode;
  readonly cause: Cause | undefined;
}

/** Records what becomes of events in the gateway. */
export class JournalFacts {
  readonly #recorder: FactRecorder;
  readonly #references: MessageReferences;
  readonly #hasTexts: boolean;
  readonly #clock: Clock;
  #recordedMode: Mode | undefined;
  #recordedAt = Number.NEGATIVE_INFINITY;
  /** The latest change of mode, if it is not recorded yet. */
  #changed: ChangedMode | undefined;
  #stopWaiting: (() => void) | undefined;

  constructor({ recorder, references, text, clock = SYSTEM_CLOCK }: JournalFactsOptions) {
    this.#recorder = recorder;
    this.#references = references;
    this.#hasTexts = text === 'full';
    this.#clock = clock;
  }

  /**
   * @param texts complete; only their beginnings are recorded
   * @param token the name of the token that its sender presented
   */
  recordAccepted(message: OutgoingMessage, texts: AlertTexts | undefined, token?: string): void {
    const fact: FactDraft<'accepted'> = {
      ...this.#references.of(message),
      kind: 'accepted',
      bytes: message.body.length,
      lane: laneOfMessage(EVENTS, message),
    };
    if (token !== undefined) fact.token = token;
    if (texts !== undefined && this.#hasTexts) {
      const { routingKey } = message;
      const { severity, source, summary } = texts;
      if (severity !== undefined) fact.severity = beginningOf(severity, routingKey);
      if (source !== undefined) fact.source = beginningOf(source, routingKey);
      if (summary !== undefined) fact.summary = beginningOf(summary, routingKey);
    }
    this.#recorder.record(fact);
  }

  /** @param message undefined: its record is damaged, and nobody knows which event it was */
  recordQuarantined(problem: QuarantineProblem, message: OutgoingMessage | undefined): void {
    if (message === undefined) return;
    this.#recorder.record({ ...this.#references.of(message), kind: 'quarantined', problem });
  }

  /** The gateway's own mode, not that of each lane. Of changes that follow each other within a second the last one is recorded. */
  recordMode(mode: Mode, cause: Cause | undefined): void {
    this.#changed = { mode, cause };
    const wait = this.#recordedAt + MODE_EVERY_MS - this.#clock.monotonic();
    if (wait <= 0) this.#recordChangedMode();
    else this.#stopWaiting ??= this.#clock.after(wait, () => this.#recordChangedMode());
  }

  /** Records what is still to be recorded. */
  stop(): void {
    this.#recordChangedMode();
  }

  #recordChangedMode(): void {
    this.#stopWaiting?.();
    this.#stopWaiting = undefined;
    const changed = this.#changed;
    this.#changed = undefined;
    if (changed === undefined || changed.mode === this.#recordedMode) return;
    const { mode, cause } = changed;
    this.#recordedMode = mode;
    this.#recordedAt = this.#clock.monotonic();
    const fact: FactDraft<'spool-mode'> = { kind: 'spool-mode', mode };
    if (cause !== undefined) fact.cause = cause;
    this.#recorder.record(fact);
  }
}

function beginningOf(text: string, routingKey: string): string {
  return truncateText(MAXIMUM_CHARACTERS, withoutRoutingKey(text, routingKey));
}
