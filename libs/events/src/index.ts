export {
  eventProcessed,
  eventTooLarge,
  invalidEvent,
  temporarilyUnavailable,
  throttled,
  unrecognizedObject,
} from './api-response';
export type { ApiResponse, ApiResponseBody } from './api-response';
export { EVENT_ACTIONS, SEVERITIES } from './event';
export type {
  AlertEvent,
  AlertPayload,
  AlertTrigger,
  AlertUpdate,
  ChangeEvent,
  EventAction,
  Image,
  LegacyContext,
  LegacyEvent,
  LegacyTrigger,
  LegacyUpdate,
  Link,
  Severity,
} from './event';
export { API_TYPES, EVENT_TYPES, isAdapter, isApiType, pathOf, VENDOR_TYPES } from './event-type';
export type { ApiType, EventType, VendorType } from './event-type';
export { type NagiosKey, nagiosKeyIn } from './nagios-form';
export { truncateLargeEvent, truncateSummary } from './truncate';
export { isJsonObject, readDocument, readEvent } from './json-document';
export type { EventDocument, JsonDocument, JsonObject, ReadResult } from './json-document';
export {
  dedupKeyOf,
  generateDedupKey,
  orderKeyOf,
  routingKeyOf,
  vendorDedupKeyOf,
  vendorEventIn,
  withDedupKey,
} from './keys';
export { type AlertTexts, alertTextsOf } from './alert-texts';
export {
  characterCount,
  MAXIMUM_BODY_BYTES,
  MAXIMUM_DEDUP_KEY_CHARACTERS,
  MAXIMUM_EVENT_BYTES,
  MAXIMUM_SUMMARY_CHARACTERS,
  truncateText,
} from './limits';
export { invalidParts, withoutInvalidParts } from './optional-parts';
export type { InvalidPart } from './optional-parts';
export { routingKeyErrors, validate } from './validate';
