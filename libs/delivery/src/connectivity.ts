import { type Outcome } from './outcome';

/**
 * Faults that lie neither in the event nor in the destination's health but on the way to it; an operator has to fix
 * them. denied: 401, 403; not-found: 404, 405; proxy: 407, or no tunnel; redirected: 3xx; certificate: untrusted or
 * expired; tls: no handshake; forbidden-address: nothing may be sent there; unrecognized-answer: a success or a
 * rejection that is not the destination's own. A fixed set, used as a metric label.
 */
export const CONNECTIVITY_FAULTS = [
  'denied',
  'not-found',
  'proxy',
  'redirected',
  'certificate',
  'tls',
  'forbidden-address',
  'unrecognized-answer',
  'other',
] as const;
export type ConnectivityFault = (typeof CONNECTIVITY_FAULTS)[number];

/** The connectivity fault of an outcome; undefined if connectivity did not fail. */
export function connectivityFaultOf(outcome: Outcome): ConnectivityFault | undefined {
  if (outcome.kind !== 'failed') return undefined;
  switch (outcome.reason) {
    case 'way':
      return faultOfStatus(outcome.status ?? 0);
    case 'certificate-untrusted':
    case 'certificate-expired':
      return 'certificate';
    case 'tls':
    case 'proxy':
    case 'forbidden-address':
    case 'unrecognized-answer':
      return outcome.reason;
    default:
      return undefined;
  }
}

function faultOfStatus(status: number): ConnectivityFault {
  if (status === 401 || status === 403) return 'denied';
  if (status === 404 || status === 405) return 'not-found';
  if (status === 407) return 'proxy';
  return status >= 300 && status < 400 ? 'redirected' : 'other';
}

/** Connectivity that keeps failing and recovering is reported no more often than this. */
const REPORT_EVERY_MS = 60_000;

/** Tracks whether connectivity is broken, and whether that was reported. */
export class Connectivity {
  #fault: ConnectivityFault | undefined;
  #reported: ConnectivityFault | undefined;
  #reportedAt = Number.NEGATIVE_INFINITY;

  get fault(): ConnectivityFault | undefined {
    return this.#fault;
  }

  /** Records a fault; returns true if it should be reported. */
  recordFault(fault: ConnectivityFault, now: number): boolean {
    this.#fault = fault;
    if (this.#reported === fault || now - this.#reportedAt < REPORT_EVERY_MS) return false;
    this.#reported = fault;
    this.#reportedAt = now;
    return true;
  }

  /** Records a success; returns true if a fault had been reported. */
  recordSuccess(): boolean {
    const wasReported = this.#reported !== undefined;
    this.#fault = undefined;
    this.#reported = undefined;
    return wasReported;
  }
}
