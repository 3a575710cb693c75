/** What the network did instead of giving an answer. */
export const FAULTS = [
  'refused',
  'reset',
  'dns',
  'unreachable',
  'forbidden-address',
  'timeout',
  'cut-short',
  'tls',
  'certificate-expired',
  'certificate-untrusted',
  'proxy',
] as const;
export type Fault = (typeof FAULTS)[number];

/** What one POST came to: an answer, or a fault on the way. */
export type Attempt =
  | {
      readonly kind: 'answer';
      readonly status: number;
      /** The header Retry-After (or ratelimit-reset), as it came. */
      readonly retryAfter: string | undefined;
      /** The answer's text, cut to what is worth keeping. */
      readonly body: string;
    }
  | { readonly kind: 'fault'; readonly fault: Fault; readonly detail: string };

/** Why an attempt failed in a way that a repetition may mend. Bounded: it is a metric label. */
export type FailureReason = Fault | 'server-error' | 'request-timeout' | 'way';

/** Whom a failure speaks about: everything behind the destination, or only the routing key it was for. */
export type FailureScope = 'destination' | 'key';

/** What an attempt meant; decided by a table, acted upon in one place. */
export type Outcome =
  | { readonly kind: 'delivered'; readonly status: number }
  | { readonly kind: 'throttled'; readonly status: number; readonly retryAfterMs: number | undefined }
  | {
      readonly kind: 'failed';
      readonly reason: FailureReason;
      readonly scope: FailureScope;
      readonly status: number | undefined;
      readonly detail: string;
      readonly retryAfterMs: number | undefined;
    }
  | { readonly kind: 'rejected'; readonly status: number; readonly answer: string }
  /** The destination wants nothing any more: what is for its key is held without an attempt until somebody resumes it. */
  | { readonly kind: 'gone'; readonly status: number; readonly answer: string };
