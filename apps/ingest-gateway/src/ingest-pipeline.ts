import { type Clock, type Random, SYSTEM_CLOCK, SYSTEM_RANDOM } from '@pdaltagent/clock';
import {
  type AlertTexts,
  eventProcessed,
  isApiType,
  orderKeyOf,
  type ApiResponse,
  type InvalidPart,
} from '@pdaltagent/events';
import { NotDurableError } from '@pdaltagent/forwarding';
import { headerBytesOf, MAXIMUM_HEADER_BYTES, type OutgoingMessage } from '@pdaltagent/messaging';
import { type Admission } from './admission';
import { EventReader, type PreparedEvent, type ReceivedRequest, type UnscrubbedEvent } from './event-reader';
import { messageId } from './message-id';
import { type EventSink, type Scrub } from './ports';
import { refusals, type Refused } from './refusal';
import { type Turn, Turns } from './turns';

export interface Accepted {
  readonly kind: 'accepted';
  readonly response: ApiResponse;
  /** The message id, which identifies the event in the log and for `pdaltagent trace`. */
  readonly id: string;
  readonly routingKey: string;
  /** Optional parts that were removed because PagerDuty would have rejected the event because of them. */
  readonly removed: readonly InvalidPart[];
}

export interface IngestPipelineOptions {
  readonly clock?: Clock | undefined;
  readonly random?: Random | undefined;
  readonly sink: EventSink;
  readonly admission: Admission;
  readonly strict: boolean;
  readonly scrub?: Scrub | undefined;
  /** Called for each event once it is durable; must take microseconds. */
  readonly onAccepted?:
    ((message: OutgoingMessage, texts: AlertTexts | undefined, token: string | undefined) => void) | undefined;
}

/** Accepts events: validates, truncates, scrubs, determines keys, publishes, and answers once the event is durable. */
export class IngestPipeline {
  readonly #options: IngestPipelineOptions;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #reader: EventReader;
  readonly #turns = new Turns();

  constructor(options: IngestPipelineOptions) {
    this.#options = options;
    this.#clock = options.clock ?? SYSTEM_CLOCK;
    this.#random = options.random ?? SYSTEM_RANDOM;
    this.#reader = new EventReader({ strict: options.strict, random: this.#random });
  }

  /**
   * @param sender whose share of the waiting events it uses
   * @param token the name of the token that its sender presented
   */
  async accept(received: ReceivedRequest, sender = '', token?: string): Promise<Accepted | Refused> {
    const from = { sender, token };
    const event = this.#reader.read(received);
    if (event.kind === 'refused') return event;
    const { scrub } = this.#options;
    const quick = scrub === undefined ? event.parts : scrub.now(event.parts);
    const turn = this.#turnOf(event, quick === undefined);
    if (quick !== undefined && turn === undefined) return this.#publish(received, event.prepare(quick), from);
    try {
      const scrubbed = quick ?? (await scrub?.later(event.parts, sender)) ?? event.parts;
      if ('kind' in scrubbed) return scrubbed;
      await turn?.begun;
      return await this.#publish(received, event.prepare(scrubbed), from, turn);
    } finally {
      turn?.end();
    }
  }

  /** If scrubbing takes longer, later events of the same alert wait until the event is published. Most need no turn. */
  #turnOf(event: UnscrubbedEvent, isSlow: boolean): Turn | undefined {
    if (!isSlow && this.#turns.isEmpty) return undefined;
    const key = event.orderKey();
    return key !== undefined && (isSlow || this.#turns.has(key)) ? this.#turns.take(key) : undefined;
  }

  async #publish(
    received: ReceivedRequest,
    prepared: PreparedEvent | Refused,
    { sender, token }: { readonly sender: string; readonly token: string | undefined },
    turn?: Turn,
  ): Promise<Accepted | Refused> {
    if (prepared.kind === 'refused') return prepared;
    const { type } = received;
    const message = this.#messageOf(received, prepared);
    // Events of PagerDuty's own APIs have short headers: their keys have been validated.
    if (!isApiType(type) && headerBytesOf(message) > MAXIMUM_HEADER_BYTES) return refusals.headersTooLarge();
    const { admission, sink } = this.#options;
    if (!admission.acquire(sender)) return refusals.overload();
    try {
      const stored = sink.publish(message, sender);
      turn?.end();
      await stored;
    } catch (error) {
      if (error instanceof NotDurableError) return refusals.unavailable(`Event could not be stored: ${error.message}`);
      throw error;
    } finally {
      admission.release(sender);
    }
    const { dedupKey, texts, warnings, removed } = prepared;
    this.#options.onAccepted?.(message, texts, token);
    const response = eventProcessed(type, dedupKey, warnings);
    return { kind: 'accepted', response, id: message.id, routingKey: prepared.routingKey, removed };
  }

  #messageOf({ type, adapter, traceparent }: ReceivedRequest, prepared: PreparedEvent): OutgoingMessage {
    const { routingKey, dedupKey, action, body, contentType, forward, query } = prepared;
    const receivedAt = this.#clock.wall();
    const id = messageId(receivedAt, this.#random);
    const orderKey = orderKeyOf({ type, id, routingKey, dedupKey });
    const message = { id, type, routingKey, orderKey, action, body, contentType, receivedAt };
    // Nearly all events have none of these, and spreading is the most expensive part of this function.
    if (forward === undefined && query === undefined && adapter === undefined && traceparent === undefined)
      return message;
    return {
      ...message,
      ...(forward === undefined ? {} : { forward }),
      ...(query === undefined ? {} : { query }),
      ...(adapter === undefined ? {} : { adapter }),
      ...(traceparent === undefined ? {} : { traceparent }),
    };
  }
}
