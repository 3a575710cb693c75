import {
  eventTooLarge,
  invalidEvent,
  temporarilyUnavailable,
  unrecognizedObject,
  type ApiResponse,
} from '@pdaltagent/events';
import { MAXIMUM_HEADER_BYTES } from './header-bytes';

/** Why an event was not taken: a closed list, as it labels a metric. */
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
  'overload',
  'unavailable',
  'failed',
] as const;
export type RefusalReason = (typeof REFUSAL_REASONS)[number];

/** What became of a request that is not accepted: the reason for us, the answer for the sender. */
export interface Refused {
  readonly kind: 'refused';
  readonly reason: RefusalReason;
  readonly answer: ApiResponse;
}

export function refused(reason: RefusalReason, answer: ApiResponse): Refused {
  return { kind: 'refused', reason, answer };
}

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
  unauthorized: (error: string) =>
    refused('unauthorized', {
      status: 401,
      body: { status: 'unauthorized', message: 'Unauthorized', errors: [error] },
    }),
  forbidden: (address: string) =>
    refused('forbidden', {
      status: 403,
      body: { status: 'forbidden', message: 'Forbidden', errors: [`No event is taken from ${address}`] },
    }),
  overload: () => refused('overload', temporarilyUnavailable('Too many events are waiting to be stored')),
  unavailable: (error: string) => refused('unavailable', temporarilyUnavailable(error)),
  tooSlow: () => refused('too-slow', { ...unrecognizedObject('Body arrives too slowly'), status: 408 }),
  /** The client went away: nobody hears the answer. */
  aborted: () => refused('aborted', unrecognizedObject('Request ended early')),
  encoding: (error: string, status: 400 | 415) => refused('encoding', { ...unrecognizedObject(error), status }),
} as const;
