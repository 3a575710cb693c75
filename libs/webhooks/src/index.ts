export {
  type Address,
  addressOf,
  type Destination,
  type DestinationTls,
  parseDestinations,
  type SendingDestination,
  type WebhookFormat,
} from './destination';
export { type DestinationFilter, matchesFilter, NO_FILTER } from './destination-filter';
export { type Problem, textOfProblem } from './destinations-file/problem';
export { readDestinations, type ReadDestinations, readSendingDestinations } from './destinations-file/read';
export { type FileText, type ValueSources } from './destinations-file/resolver';
export {
  type DataForm,
  type EventNames,
  eventNames,
  EVENTS_BY_KIND,
  isRepeatedTrigger,
  type OfficialNames,
} from './event-names';
export { deliveryIdOf, eventIdOf, messageIdOf, resourceIdOf } from './identity';
export { type JsonObject, objectOf, textOfJson } from './json';
export { contentHash, type LogEntry, oldestFirst, parseLogEntry, parseTime } from './log-entry';
export { pingOf } from './ping';
export { type Reference, referencesTo, referenceTo } from './reference';
export {
  type QueuedWebhook,
  requestOf,
  type Signing,
  WEBHOOK_ID_HEADER,
  type WebhookRequest,
  withSigning,
} from './webhook-request';
export { formatHeaders, signatureOf, type WebhookContent, webhookHeaders } from './signature';
export { standardHeaders, standardKeyOf, type StandardWebhookContent } from './standard-webhooks';
export { v2Body } from './v2';
export { v3Body } from './v3';
export { type Webhook, webhookOf, type WebhookOptions } from './webhook';
