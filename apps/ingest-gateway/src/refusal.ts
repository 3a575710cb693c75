import {
  eventTooLarge,
  invalidEvent,
  temporarilyUnavailable,
  unrecognizedObject,
  type ApiResponse,
} from '@pdaltagent/events';
import { MAXIMUM_HEADER_BYTES } from '@pdaltagent/messaging';

/** Why a request was refused: a closed list, because it is the label of a metric. */
export const REFUSAL_REASONS = [
  'invalid',
  'unrecognized',
  'too-large',
  'too-slow',
  'encoding',
  'aborted',
  'malformed',
  'no-such-path',
  'wrong-method',
  'unauthorized',
  'forbidden',
  'client-certificate',
  'cross-site',
  'rate',
  'connections',
  'overload',
  'unavailable',
  'failed',
] as const;
export type RefusalReason = (typeof REFUSAL_REASONS)[number];

/** A refused request: the reason, for the metric, and the response. */
export interface Refused {
  readonly kind: 'refused';
  readonly reason: RefusalReason;
  readonly response: ApiResponse;
}

export const NO_SUCH_PATH: ApiResponse = {
  status: 404,
  body: { status: 'not found', message: 'Not Found', errors: ['Events are not accepted at this path'] },
};

export function refused(reason: RefusalReason, response: ApiResponse): Refused {
  return { kind: 'refused', reason, response };
}

const forbidden = (error: string): ApiResponse => ({
  status: 403,
  body: { status: 'forbidden', message: 'Forbidden', errors: [error] },
});

export const refusals = {
  invalid: (errors: readonly string[]) => refused('invalid', invalidEvent(errors)),
  unrecognized: (error: string) => refused('unrecognized', unrecognizedObject(error)),
  tooLarge: () => refused('too-large', eventTooLarge()),
  headersTooLarge: () =>
    refused('too-large', {
      ...unrecognizedObject(
        `Query, Content-Type and headers are too long together (maximum is ${MAXIMUM_HEADER_BYTES} bytes)`,
      ),
      status: 431,
    }),
  noSuchPath: () => refused('no-such-path', NO_SUCH_PATH),
  unauthorized: (error: string) =>
    refused('unauthorized', {
      status: 401,
      body: { status: 'unauthorized', message: 'Unauthorized', errors: [error] },
    }),
  forbidden: (error: string) => refused('forbidden', forbidden(error)),
  /** Plain HTTP although a client certificate is required. */
  plainHttp: () =>
    refused(
      'client-certificate',
      forbidden('Plain HTTP is accepted only from this host and trusted proxies: use HTTPS with a client certificate'),
    ),
  crossSite: (error: string) => refused('cross-site', forbidden(error)),
  rate: () =>
    refused('rate', {
      status: 429,
      body: {
        status: 'throttle exceeded',
        message: 'Requests are arriving too quickly.  Please retry later.',
        errors: ['This sender sends more requests a second than PDAGENTD_SENDER_RATE allows'],
      },
    }),
  overload: () => refused('overload', temporarilyUnavailable('Too many events are waiting to be stored')),
  scrubbingOverload: () =>
    refused('overload', temporarilyUnavailable('Too many large events are waiting to be scrubbed')),
  unavailable: (error: string) => refused('unavailable', temporarilyUnavailable(error)),
  tooSlow: () =>
    refused('too-slow', { ...unrecognizedObject('Body arrives too slowly.  Please retry later.'), status: 408 }),
  /** The client disconnected: nobody will read the response. */
  aborted: () => refused('aborted', unrecognizedObject('Request ended early')),
  encoding: (error: string, status: 400 | 413 | 415) => refused('encoding', { ...unrecognizedObject(error), status }),
} as const;
