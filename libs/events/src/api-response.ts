import type { EventType } from './event-type';

/** The JSON body of every response of PagerDuty's events hosts. */
export interface ApiResponseBody {
  readonly status: string;
  readonly message: string;
  readonly dedup_key?: string;
  readonly incident_key?: string;
  readonly errors?: readonly string[];
  readonly warnings?: readonly string[];
}

/** A response as PagerDuty would send it: HTTP status and JSON body. */
export interface ApiResponse {
  readonly status: number;
  readonly body: ApiResponseBody;
}

/**
 * The event was accepted: 202, for v1 200 (PagerDuty, Events API v1 and v2). The response to an alert contains its key.
 * @param warnings what had to be truncated, if anything
 */
export function eventProcessed(type: EventType, key?: string, warnings: readonly string[] = []): ApiResponse {
  return {
    status: type === 'v1' ? 200 : 202,
    body: {
      status: 'success',
      message: type === 'change' || type === 'integration-change' ? 'Change event processed' : 'Event processed',
      ...(key === undefined ? {} : type === 'v1' ? { incident_key: key } : { dedup_key: key }),
      ...(warnings.length === 0 ? {} : { warnings }),
    },
  };
}

/** The event is invalid: 400 with every error. */
export function invalidEvent(errors: readonly string[]): ApiResponse {
  return { status: 400, body: { status: 'invalid event', message: 'Event object is invalid', errors } };
}

/** The body is not a JSON object: 400. */
export function unrecognizedObject(error = 'JSON parse error'): ApiResponse {
  return {
    status: 400,
    body: { status: 'Unrecognized object', message: 'Event object format is unrecognized', errors: [error] },
  };
}

/** Over 512 KB: 413. PagerDuty documents the limit, but not the text of the response. */
export function eventTooLarge(): ApiResponse {
  return {
    status: 413,
    body: {
      status: 'invalid event',
      message: 'Event object is invalid',
      errors: ['Event exceeds the maximum size of 512KB'],
    },
  };
}

/** Too many events for one key: 429, for v1 403. The text is from PagerDuty's own client tests. */
export function throttled(type: EventType): ApiResponse {
  return {
    status: type === 'v1' ? 403 : 429,
    body: {
      status: 'throttle exceeded',
      message: 'Requests for this service are arriving too quickly.  Please retry later.',
      errors: ['Enhance Your Calm.'],
    },
  };
}

/** The event is fine, but cannot be accepted now: 503. Older clients do not retry a 429. */
export function temporarilyUnavailable(error: string): ApiResponse {
  return {
    status: 503,
    body: { status: 'unavailable', message: 'Event could not be accepted.  Please retry later.', errors: [error] },
  };
}
