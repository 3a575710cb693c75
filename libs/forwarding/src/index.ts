export { DurablePublisher, type DurablePublisherOptions } from './durable-publisher';
export { type Cause, CAUSES, type LaneLimits, type Mode, MODES } from './lane-ports';
export { NotDurableError } from './not-durable-error';
export { type SearchFailure, type SearchResult } from './spool-erasures';
