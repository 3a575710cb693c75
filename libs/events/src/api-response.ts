import type { EventType } from './event-type';

/** The JSON body of every answer of PagerDuty's events hosts. */
export interface ApiResponseBody {
  readonly status: string;
  readonly message: string;
  readonly dedup_key?: string;
  readonly incident_key?: string;
  readonly errors?: readonly string[];
  readonly warnings?: readonly string[];
}

/** An answer as PagerDuty would give it: HTTP status and JSON body. */
export interface ApiResponse {
  readonly status: number;
  readonly body: ApiResponseBody;
}

/**
 * The event was taken: 202, on v1 200 (PagerDuty, Events API v1 and v2). Alerts are answered with their key.
 * @param warnings what had to be cut, where something had
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

/** The event breaks a rule: 400 with every reason. */
export function invalidEvent(errors: readonly string[]): ApiResponse {
  return { status: 400, body: { status: 'invalid event', message: 'Event object is invalid', errors } };
}

/** The body is no JSON object: 400. */
export function unrecognizedObject(error = 'JSON parse error'): ApiResponse {
  return {
    status: 400,
    body: { status: 'Unrecognized object', message: 'Event object format is unrecognized', errors: [error] },
  };
}

/** Over 512 KB: 413. PagerDuty documents the limit, but not its words. */
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

/** Too many events of one key: 429, on v1 403. The words are those of PagerDuty's own client tests. */
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

/** Nothing wrong with the event, but it cannot be taken now: 503. Older clients do not retry a 429. */
export function temporarilyUnavailable(error: string): ApiResponse {
  return {
    status: 503,
    body: { status: 'unavailable', message: 'Event could not be accepted.  Please retry later.', errors: [error] },
  };
}
