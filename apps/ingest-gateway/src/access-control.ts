import { createHash, timingSafeEqual } from 'node:crypto';
import { type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { clientAddressOf } from './client-address';
import { type Networks } from './networks';
import { refusals, type Refused } from './refusal';

export interface AccessControlOptions {
  /** One of them has to be shown; none: nobody is asked for one. */
  readonly tokens: readonly string[];
  /** Where senders have to be; undefined: anywhere. */
  readonly allowed: Networks | undefined;
  /** Whose word on where a sender is (X-Forwarded-For) is believed. */
  readonly trustedProxies: Networks | undefined;
}

/** Who may send. */
export class AccessControl {
  readonly #digests: readonly Buffer[];
  readonly #options: AccessControlOptions;

  constructor(options: AccessControlOptions) {
    this.#options = options;
    this.#digests = options.tokens.map(digestOf);
  }

  get needsToken(): boolean {
    return this.#digests.length > 0;
  }

  /** Why a request is not taken, or undefined where it is. */
  refusal(request: IncomingMessage): Refused | undefined {
    const { allowed, trustedProxies } = this.#options;
    if (allowed !== undefined) {
      const sender = clientAddressOf(request, trustedProxies);
      if (sender === undefined || !allowed.has(sender)) return refusals.forbidden(sender ?? 'an unknown address');
    }
    if (!this.needsToken) return undefined;
    const tokens = tokensIn(request.headers);
    if (tokens.length === 0) return refusals.unauthorized('A token is required');
    return tokens.some((token) => this.#isValid(token)) ? undefined : refusals.unauthorized('The token is not valid');
  }

  /** All are compared, each in constant time: how long it takes tells nothing. */
  #isValid(token: string): boolean {
    const digest = digestOf(token);
    let isKnown = false;
    for (const known of this.#digests) isKnown = timingSafeEqual(known, digest) || isKnown;
    return isKnown;
  }
}

function digestOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

/** Those of both headers: a tool that fills in one by itself can still be given the other. */
function tokensIn({ authorization = '', ...headers }: IncomingHttpHeaders): string[] {
  const bearer = /^Bearer +(\S+) *$/i.exec(authorization)?.[1];
  return [headers['x-pdaltagent-token'], bearer].flat().filter((token): token is string => Boolean(token));
}
