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
      /** The header Date, as it came. */
      readonly date?: string | undefined;
      /** The answer's text, or its beginning. */
      readonly body: string;
      /** The headers Content-Type and Server, as they came. */
      readonly contentType?: string | undefined;
      readonly server?: string | undefined;
    }
  | { readonly kind: 'fault'; readonly fault: Fault; readonly detail: string };

/** Why an attempt failed in a way that a repetition may mend. Bounded: it is a metric label. */
export type FailureReason = Fault | 'server-error' | 'request-timeout' | 'way' | 'unrecognized-answer';

/** Where connectivity is at fault: for everything sent to the destination, or only for one routing key. */
export type ConnectivityScope = 'destination' | 'key';
/** What a failure is about: the same, or only the message itself, such as one that a proxy finds too large. */
export type FailureScope = ConnectivityScope | 'message';

export interface AnsweredBy {
  /** The header Server; printable ASCII, short. */
  readonly server: string | undefined;
  /** The media type alone; printable ASCII, short. */
  readonly contentType: string | undefined;
}

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
      /** If something on the way may have answered in place of the destination: what its headers say. */
      readonly answeredBy?: AnsweredBy;
    }
  | { readonly kind: 'rejected'; readonly status: number; readonly answer: string }
  /** The destination wants nothing any more: what is for its key is held without an attempt until somebody resumes it. */
  | { readonly kind: 'gone'; readonly status: number; readonly answer: string }
  /** The attempt ended in an exception of our own: it says nothing about the destination, and perhaps all about the message. */
  | { readonly kind: 'error'; readonly status: undefined; readonly detail: string };
