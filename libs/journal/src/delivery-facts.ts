import { type Change, type DeadLetterCause, type Outcome } from '@pdaltagent/delivery';
import {
  type EndedAttempt,
  type IncomingMessage,
  type LaneChange,
  type LaneObserver,
  MESSAGE_TYPES,
  type Unreadable,
} from '@pdaltagent/messaging';
import { type JournalText } from '@pdaltagent/service';
import { answerOf } from './answer';
import { type FactGroup, type FactRecorder } from './fact';
import { type FactDraft } from './fact-draft';
import { type MessageReferences } from './message-references';

export interface DeliveryFactsOptions {
  readonly recorder: FactRecorder;
  readonly references: MessageReferences;
  readonly group: FactGroup;
  /** Answers are recorded if it is `full`. */
  readonly text: JournalText;
}

/** Records what a worker does to its messages, keys and lanes. */
export class DeliveryFacts {
  readonly #recorder: FactRecorder;
  readonly #references: MessageReferences;
  readonly #group: FactGroup;
  readonly #hasAnswers: boolean;

  constructor({ recorder, references, group, text }: DeliveryFactsOptions) {
    this.#recorder = recorder;
    this.#references = references;
    this.#group = group;
    // What a destination of webhooks answers follows no format of which it is known what it repeats.
    this.#hasAnswers = text === 'full' && group === 'events';
  }

  /** Wraps an observer, so that facts are recorded as well. */
  observe(observer: LaneObserver): LaneObserver {
    return {
      ...observer,
      onAttempted: (message, outcome, attempt) => {
        observer.onAttempted(message, outcome, attempt);
        this.#recordAttempt(message, outcome, attempt);
      },
      onInterrupted: (message, attempt) => {
        observer.onInterrupted(message, attempt);
        this.#recordInterrupted(message, attempt);
      },
      onDuplicateDropped: (message) => {
        observer.onDuplicateDropped(message);
        this.#recorder.record({ ...this.#references.of(message), kind: 'repeated' });
      },
      onDeadLettered: (reason, message, cause) => {
        observer.onDeadLettered(reason, message, cause);
        if (message !== undefined && cause !== undefined) this.#recordDeadLetter(message, cause);
      },
      onUnreadable: (unreadable) => {
        observer.onUnreadable?.(unreadable);
        this.#recordUnreadable(unreadable);
      },
      onChange: (change) => {
        observer.onChange?.(change);
        this.#recordChange(change);
      },
    };
  }

  /**
   * A delivery is recorded as soon as it is known, although the acknowledgement follows: if the lane was lost meanwhile there is none,
   * but the event has arrived, and its next delivery from the queue is only dropped as a repeat.
   */
  #recordAttempt(message: IncomingMessage, outcome: Outcome, { number, ms }: EndedAttempt): void {
    const reference = this.#references.of(message);
    if (outcome.kind === 'delivered') {
      const { status } = outcome;
      this.#recorder.record({ ...reference, kind: 'delivered', attempt: number, status, ms: Math.round(ms) });
      return;
    }
    const { kind, status } = outcome;
    const fact: FactDraft<'attempted'> = {
      ...reference,
      kind: 'attempted',
      attempt: number,
      outcome: kind,
      ms: Math.round(ms),
    };
    if (kind === 'failed') fact.reason = outcome.reason;
    if (status !== undefined) fact.status = status;
    const response = 'response' in outcome ? outcome.response : kind === 'failed' ? outcome.detail : '';
    const answer = status === undefined ? undefined : this.#answerOf(message, response);
    if (answer !== undefined) fact.answer = answer;
    this.#recorder.record(fact);
  }

  #recordInterrupted(message: IncomingMessage, { number, ms }: EndedAttempt): void {
    this.#recorder.record({
      ...this.#references.of(message),
      kind: 'attempted',
      attempt: number,
      outcome: 'interrupted',
      ms: Math.round(ms),
    });
  }

  #recordDeadLetter(message: IncomingMessage, { reason, status, response }: DeadLetterCause): void {
    const fact: FactDraft<'dead-lettered'> = { ...this.#references.of(message), kind: 'dead-lettered', reason };
    if (status !== undefined) fact.status = status;
    const answer = status === undefined ? undefined : this.#answerOf(message, response);
    if (answer !== undefined) fact.answer = answer;
    this.#recorder.record(fact);
  }

  /** Of a message that no version has published, or of a type that this version does not know, nothing can be said. */
  #recordUnreadable(unreadable: Unreadable): void {
    if (unreadable.kind !== 'newer' || unreadable.message === undefined) return;
    const { message, problem } = unreadable;
    const type = MESSAGE_TYPES.find((known) => known === message.type);
    if (type === undefined) return;
    this.#recorder.record({ ...this.#references.of({ ...message, type }), kind: 'quarantined', problem });
  }

  #recordChange(change: Change | LaneChange): void {
    const group = this.#group;
    switch (change.kind) {
      case 'circuit-opened':
      case 'circuit-closed': {
        const fact: FactDraft<'circuit'> = {
          kind: 'circuit',
          group,
          state: change.kind === 'circuit-opened' ? 'open' : 'closed',
        };
        if (group === 'webhooks') fact.destination = change.destination;
        return this.#recorder.record(fact);
      }
      case 'key-throttled':
        return this.#recorder.record({ ...this.#references.keyOf(group, change.routingKey), kind: change.kind });
      case 'lane-taken':
      case 'lane-released':
        return this.#recorder.record({ kind: change.kind, group, lane: change.lane });
      case 'key-parked':
      case 'key-returned':
        return this.#recordKey(change);
      default:
        // Everything else is known from its attempts.
        return;
    }
  }

  #recordKey(change: Extract<LaneChange, { readonly routingKey: string }>): void {
    const { lane, routingKey } = change;
    const key = this.#references.keyOf(this.#group, routingKey);
    if (change.kind === 'key-returned') this.#recorder.record({ ...key, kind: change.kind, lane });
    else this.#recorder.record({ ...key, kind: change.kind, lane, siding: change.siding });
  }

  #answerOf({ routingKey }: IncomingMessage, response: string): string | undefined {
    return this.#hasAnswers ? answerOf(response, routingKey) : undefined;
  }
}
