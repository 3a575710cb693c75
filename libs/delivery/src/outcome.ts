/** How an attempt fails without a response. */
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

/** The result of one POST: a response, or a network fault. */
export type Attempt =
  | {
      readonly kind: 'response';
      readonly status: number;
      /** The header Retry-After (or ratelimit-reset), as it came. */
      readonly retryAfter: string | undefined;
      /** The header Date, as it came. */
      readonly date?: string | undefined;
      /** The response body as text, or its beginning. */
      readonly body: string;
      /** The headers Content-Type and Server, as they came. */
      readonly contentType?: string | undefined;
      readonly server?: string | undefined;
    }
  | { readonly kind: 'fault'; readonly fault: Fault; readonly detail: string };

/** Why an attempt failed, if a retry may succeed. A fixed set, used as a metric label. */
export type FailureReason = Fault | 'server-error' | 'request-timeout' | 'way' | 'unrecognized-answer';

/** What a connectivity fault affects: everything sent to the destination, or only one routing key. */
export type ConnectivityScope = 'destination' | 'key';
/** What a failure affects: the same, or only the message itself, such as one that is too large for a proxy. */
export type FailureScope = ConnectivityScope | 'message';

export interface Responder {
  /** The header Server; printable ASCII, short. */
  readonly server: string | undefined;
  /** The media type alone; printable ASCII, short. */
  readonly contentType: string | undefined;
}

/** The outcome of an attempt; see `classifyEvent` and `classifyWebhook`. */
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
      /** If an intermediary may have answered in place of the destination: who, by its headers. */
      readonly responder?: Responder;
    }
  | { readonly kind: 'rejected'; readonly status: number; readonly response: string }
  /**
   * The destination wants no more messages: those of its key are held without an attempt until an operator resumes
   * it.
   */
  | { readonly kind: 'gone'; readonly status: number; readonly response: string }
  /** The attempt ended in an exception: the destination is not the cause, the message may be. */
  | { readonly kind: 'error'; readonly status: undefined; readonly detail: string };
