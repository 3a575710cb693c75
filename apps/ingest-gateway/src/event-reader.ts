import { type Random } from '@pdaltagent/clock';
import {
  type AlertTexts,
  alertTextsOf,
  dedupKeyOf,
  EVENT_ACTIONS,
  truncateLargeEvent,
  truncateSummary,
  invalidParts,
  isAdapter,
  isApiType,
  generateDedupKey,
  MAXIMUM_BODY_BYTES,
  nagiosKeyIn,
  orderKeyOf,
  readEvent,
  routingKeyErrors,
  routingKeyOf,
  validate,
  vendorDedupKeyOf,
  vendorEventIn,
  withDedupKey,
  withoutInvalidParts,
  type ApiType,
  type EventAction,
  type EventType,
  type InvalidPart,
  type EventDocument,
  type NagiosKey,
  type VendorType,
} from '@pdaltagent/events';
import { type ScrubbableParts, type ScrubbedParts } from './ports';
import { refusals, type Refused } from './refusal';

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

/** An event that is ready to be published, and warnings for its sender. */
export interface PreparedEvent {
  readonly kind: 'ready';
  readonly routingKey: string;
  readonly dedupKey: string | undefined;
  readonly action: EventAction | undefined;
  readonly body: Buffer;
  readonly contentType: string;
  readonly forward: Readonly<Record<string, string>> | undefined;
  readonly query: string | undefined;
  /** After scrubbing, complete; undefined if the body was not read. */
  readonly texts: AlertTexts | undefined;
  readonly warnings: readonly string[];
  readonly removed: readonly InvalidPart[];
}

/** An event that has been read and validated. */
export interface UnscrubbedEvent {
  readonly kind: 'unscrubbed';
  readonly parts: ScrubbableParts;
  /** What it must be published in order with; undefined if nothing. */
  readonly orderKey: () => string | undefined;
  readonly prepare: (scrubbed: ScrubbedParts) => PreparedEvent | Refused;
}

export interface EventReaderOptions {
  readonly strict: boolean;
  readonly random: Random;
}

/** Reads and validates events; what is not valid, but optional, is left out unless it is strict. */
export class EventReader {
  readonly #options: EventReaderOptions;

  constructor(options: EventReaderOptions) {
    this.#options = options;
  }

  read(received: ReceivedRequest): UnscrubbedEvent | Refused {
    const { type } = received;
    return isApiType(type) ? this.#readApiEvent(received, type) : this.#readVendorEvent(received, type);
  }

  #readApiEvent(received: ReceivedRequest, type: ApiType): UnscrubbedEvent | Refused {
    const first = this.#parse(type, received.body);
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
        const read = body === bytes ? first : this.#parse(type, body);
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
    const bodyKey = routingKeyOf(type, document.value);
    const given = dedupKeyOf(type, document.value);
    const action = actionOf(type, document);
    const generated = given === undefined && action === 'trigger' ? generateDedupKey(this.#options.random) : undefined;
    const body = generated === undefined ? document.bytes : withDedupKey(type, document, generated);
    // With its dedup key it may be larger than PagerDuty accepts.
    if (body.length > MAXIMUM_BODY_BYTES) return refusals.tooLarge();
    return {
      kind: 'ready',
      routingKey: bodyKey ?? received.headerKey ?? '',
      dedupKey: given ?? generated,
      action,
      body,
      // It was parsed as JSON, whatever its Content-Type: curl labels everything as a form.
      contentType: 'application/json',
      // If the key was in the header, PagerDuty must get it there too.
      forward:
        bodyKey === undefined && received.headerKey !== undefined ? { 'x-routing-key': received.headerKey } : undefined,
      query: undefined,
      texts: alertTextsOf(type, document.value),
      warnings: read === first ? first.warnings : [...new Set([...first.warnings, ...read.warnings])],
      removed: read === first ? first.removed : [...first.removed, ...read.removed],
    };
  }

  #readVendorEvent(received: ReceivedRequest, type: VendorType): UnscrubbedEvent | Refused {
    const { contentType, body, query, forward } = received;
    if (body.length > MAXIMUM_BODY_BYTES) return refusals.tooLarge();
    const key = vendorKeyOf(received);
    if (!key.ok) return refusals.invalid(key.errors);
    const { routingKey } = key;
    if (received.adapter !== undefined && !isAdapter(received.adapter)) return refusals.noSuchPath();
    return {
      kind: 'unscrubbed',
      parts: { type, contentType, body, query, forward },
      orderKey: () =>
        orderKeyOf({ type, id: '', routingKey, dedupKey: vendorDedupKeyOf(vendorEventIn(type, body)) }) || undefined,
      prepare: (scrubbed) => {
        // What replaces personal data may be longer than it.
        if (scrubbed.body.length > MAXIMUM_BODY_BYTES) return refusals.tooLarge();
        const value = vendorEventIn(type, scrubbed.body);
        return {
          kind: 'ready',
          routingKey,
          dedupKey: vendorDedupKeyOf(value),
          action: undefined,
          body: scrubbed.body,
          contentType,
          forward: scrubbed.forward,
          query: scrubbed.query,
          texts: value === undefined ? undefined : alertTextsOf('v2', value),
          warnings: [],
          removed: [],
        };
      },
    };
  }

  #parse(type: ApiType, received: Buffer): ParsedEvent | Refused {
    const { strict } = this.#options;
    const large = strict ? { event: received, warnings: [] } : truncateLargeEvent(type, received);
    // Before it is parsed: the event loop must not be held for so long.
    if (large.event.length > MAXIMUM_BODY_BYTES) return refusals.tooLarge();
    const result = readEvent(large.event);
    if (!result.ok) return refusals.unrecognized(result.error);
    if (strict) return { kind: 'read', document: result.document, warnings: [], removed: [] };
    const { document: sound, removed } = withoutInvalidParts(type, result.document);
    const { event: document, warnings: ofSummary } = truncateSummary(type, sound);
    const warnings = large.warnings.length === 0 ? ofSummary : [...large.warnings, ...ofSummary];
    if (removed.length === 0) return { kind: 'read', document, warnings, removed };
    return { kind: 'read', document, warnings: [...removed.map(warningOf), ...warnings], removed };
  }
}

interface ParsedEvent {
  readonly kind: 'read';
  readonly document: EventDocument;
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

function actionOf(type: ApiType, { value }: EventDocument): EventAction | undefined {
  if (type === 'change') return undefined;
  const name = value[type === 'v1' ? 'event_type' : 'event_action'];
  return EVENT_ACTIONS.find((action) => action === name);
}
