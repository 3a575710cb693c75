import { type Clock, type Random, SYSTEM_CLOCK, SYSTEM_RANDOM } from '@pdaltagent/clock';
import {
  dedupKeyOf,
  EVENT_ACTIONS,
  eventProcessed,
  truncateToLimits,
  invalidParts,
  isAdapter,
  isApiType,
  generateDedupKey,
  MAXIMUM_BODY_BYTES,
  nagiosKeyIn,
  orderKeyOf,
  readDocument,
  routingKeyErrors,
  routingKeyOf,
  validate,
  vendorDedupKeyOf,
  withDedupKey,
  withoutInvalidParts,
  type ApiResponse,
  type ApiType,
  type EventAction,
  type EventType,
  type InvalidPart,
  type JsonDocument,
  type NagiosKey,
  type VendorType,
} from '@pdaltagent/events';
import { NotDurableError } from '@pdaltagent/forwarding';
import { headerBytesOf, MAXIMUM_HEADER_BYTES, type OutgoingMessage } from '@pdaltagent/messaging';
import { type Admission } from './admission';
import { messageId } from './message-id';
import { type EventSink, type Scrub, type ScrubbableParts, type ScrubbedParts } from './ports';
import { refusals, type Refused } from './refusal';
import { type Turn, Turns } from './turns';

/** A request with its complete body. */
export interface ReceivedRequest {
  readonly type: EventType;
  /** The routing key of a vendor's path. */
  readonly pathKey: string | undefined;
  /** The routing key of an X-Routing-Key header. */
  readonly headerKey: string | undefined;
  readonly body: Buffer;
  readonly contentType: string;
  /** The sender's headers that a vendor's body needs at PagerDuty. */
  readonly forward: Readonly<Record<string, string>> | undefined;
  /** The query string of a vendor's URL, without its question mark. */
  readonly query: string | undefined;
  /** Vendor and version of an adapter's path. */
  readonly adapter: string | undefined;
  readonly traceparent: string | undefined;
}

export interface Accepted {
  readonly kind: 'accepted';
  readonly response: ApiResponse;
  /** The message id, which identifies the event in the log and for `pdaltagent trace`. */
  readonly id: string;
  readonly routingKey: string;
  /** Optional parts that were removed because PagerDuty would have rejected the event because of them. */
  readonly removed: readonly InvalidPart[];
}

/** An event that is ready to be published, and warnings for its sender. */
interface PreparedEvent {
  readonly kind: 'ready';
  readonly routingKey: string;
  readonly dedupKey: string | undefined;
  readonly action: EventAction | undefined;
  readonly body: Buffer;
  readonly contentType: string;
  readonly forward: Readonly<Record<string, string>> | undefined;
  readonly query: string | undefined;
  readonly warnings: readonly string[];
  readonly removed: readonly InvalidPart[];
}

/** An event that has been read and validated. */
interface UnscrubbedEvent {
  readonly kind: 'unscrubbed';
  readonly parts: ScrubbableParts;
  /** What it must be published in order with; undefined if nothing. */
  readonly orderKey: () => string | undefined;
  readonly prepare: (scrubbed: ScrubbedParts) => PreparedEvent | Refused;
}

export interface IngestPipelineOptions {
  readonly clock?: Clock | undefined;
  readonly random?: Random | undefined;
  readonly sink: EventSink;
  readonly admission: Admission;
  readonly strict: boolean;
  readonly scrub?: Scrub | undefined;
}

/** Accepts events: validates, truncates, scrubs, determines keys, publishes, and answers once the event is durable. */
export class IngestPipeline {
  readonly #options: IngestPipelineOptions;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #turns = new Turns();

  constructor(options: IngestPipelineOptions) {
    this.#options = options;
    this.#clock = options.clock ?? SYSTEM_CLOCK;
    this.#random = options.random ?? SYSTEM_RANDOM;
  }

  /** @param sender whose share of the waiting events it uses */
  async accept(received: ReceivedRequest, sender = ''): Promise<Accepted | Refused> {
    const { type } = received;
    const event = isApiType(type) ? this.#readApiEvent(received, type) : this.#readVendorEvent(received, type);
    if (event.kind === 'refused') return event;
    const { scrub } = this.#options;
    const quick = scrub === undefined ? event.parts : scrub.now(event.parts);
    const turn = this.#turnOf(event, quick === undefined);
    if (quick !== undefined && turn === undefined) return this.#publish(received, event.prepare(quick), sender);
    try {
      const scrubbed = quick ?? (await scrub?.later(event.parts, sender)) ?? event.parts;
      if ('kind' in scrubbed) return scrubbed;
      await turn?.begun;
      return await this.#publish(received, event.prepare(scrubbed), sender, turn);
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
    sender: string,
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
    const { dedupKey, warnings, removed } = prepared;
    const response = eventProcessed(type, dedupKey, warnings);
    return { kind: 'accepted', response, id: message.id, routingKey: prepared.routingKey, removed };
  }

  #readApiEvent(received: ReceivedRequest, type: ApiType): UnscrubbedEvent | Refused {
    const first = this.#readDocument(type, received.body);
    if (first.kind === 'refused') return first;
    const { bytes, value } = first.document;
    const errors = [
      ...validate(type, first.document, received.headerKey),
      ...(this.#options.strict ? invalidParts(type, value).map(({ error }) => error) : []),
    ];
    if (errors.length > 0) return refusals.invalid(errors);
    return {
      kind: 'unscrubbed',
      parts: { type, contentType: received.contentType, body: bytes, query: undefined, forward: undefined },
      orderKey: () => {
        const dedupKey = dedupKeyOf(type, value);
        const routingKey = routingKeyOf(type, value) ?? received.headerKey ?? '';
        return dedupKey === undefined ? undefined : orderKeyOf({ type, id: '', routingKey, dedupKey });
      },
      prepare: ({ body }) => {
        const read = body === bytes ? first : this.#readDocument(type, body);
        return read.kind === 'refused' ? read : this.#prepareApiEvent(received, type, first, read);
      },
    };
  }

  /** @param first the event before it was scrubbed */
  #prepareApiEvent(
    received: ReceivedRequest,
    type: ApiType,
    first: ParsedEvent,
    read: ParsedEvent,
  ): PreparedEvent | Refused {
    const { document } = read;
    if (document.bytes.length > MAXIMUM_BODY_BYTES) return refusals.tooLarge();
    const bodyKey = routingKeyOf(type, document.value);
    const given = dedupKeyOf(type, document.value);
    const action = actionOf(type, document);
    const generated = given === undefined && action === 'trigger' ? generateDedupKey(this.#random) : undefined;
    return {
      kind: 'ready',
      routingKey: bodyKey ?? received.headerKey ?? '',
      dedupKey: given ?? generated,
      action,
      body: generated === undefined ? document.bytes : withDedupKey(type, document, generated),
      // It was parsed as JSON, whatever its Content-Type: curl labels everything as a form.
      contentType: 'application/json',
      // If the key was in the header, PagerDuty must get it there too.
      forward:
        bodyKey === undefined && received.headerKey !== undefined ? { 'x-routing-key': received.headerKey } : undefined,
      query: undefined,
      warnings: read === first ? first.warnings : [...new Set([...first.warnings, ...read.warnings])],
      removed: read === first ? first.removed : [...first.removed, ...read.removed],
    };
  }

  #readVendorEvent(received: ReceivedRequest, type: VendorType): UnscrubbedEvent | Refused {
    const { contentType, body, query, forward } = received;
    const key = vendorKeyOf(received);
    if (!key.ok) return refusals.invalid(key.errors);
    const { routingKey } = key;
    if (received.adapter !== undefined && !isAdapter(received.adapter)) return refusals.noSuchPath();
    if (body.length > MAXIMUM_BODY_BYTES) return refusals.tooLarge();
    return {
      kind: 'unscrubbed',
      parts: { type, contentType, body, query, forward },
      orderKey: () => orderKeyOf({ type, id: '', routingKey, dedupKey: vendorDedupKeyOf(type, body) }) || undefined,
      prepare: (scrubbed) => ({
        kind: 'ready',
        routingKey,
        dedupKey: vendorDedupKeyOf(type, scrubbed.body),
        action: undefined,
        body: scrubbed.body,
        contentType,
        forward: scrubbed.forward,
        query: scrubbed.query,
        warnings: [],
        removed: [],
      }),
    };
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

  #readDocument(type: ApiType, bytes: Buffer): ParsedEvent | Refused {
    const result = readDocument(bytes);
    if (!result.ok) return refusals.unrecognized(result.error);
    if (this.#options.strict) return { kind: 'read', document: result.document, warnings: [], removed: [] };
    const { document: sound, removed } = withoutInvalidParts(type, result.document);
    const { document, warnings } = truncateToLimits(type, sound);
    if (removed.length === 0) return { kind: 'read', document, warnings, removed };
    return { kind: 'read', document, warnings: [...removed.map(warningOf), ...warnings], removed };
  }
}

interface ParsedEvent {
  readonly kind: 'read';
  readonly document: JsonDocument;
  readonly warnings: readonly string[];
  readonly removed: readonly InvalidPart[];
}

/** The routing key of a vendor's request: in its path, except for Nagios's. */
function vendorKeyOf({ type, pathKey = '', contentType, body }: ReceivedRequest): NagiosKey {
  if (type === 'nagios') return nagiosKeyIn(contentType, body);
  const errors = routingKeyErrors(pathKey);
  return errors.length > 0 ? { ok: false, errors } : { ok: true, routingKey: pathKey };
}

/** PagerDuty's error for the invalid part, and what was done about it. */
function warningOf({ error }: InvalidPart): string {
  return `${error}: it was left out`;
}

function actionOf(type: ApiType, { value }: JsonDocument): EventAction | undefined {
  if (type === 'change') return undefined;
  const name = value[type === 'v1' ? 'event_type' : 'event_action'];
  return EVENT_ACTIONS.find((action) => action === name);
}
