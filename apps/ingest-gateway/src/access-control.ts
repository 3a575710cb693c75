import { createHash, timingSafeEqual } from 'node:crypto';
import { type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { clientAddressOf } from './client-address';
import { type Networks } from './networks';
import { refusals, type Refused } from './refusal';

export interface AccessControlOptions {
  /** Senders must present one of them; if empty, no token is required. */
  readonly tokens: readonly string[];
  /** Networks that senders must be in; undefined: any. */
  readonly allowed: Networks | undefined;
  /** Proxies whose X-Forwarded-For is trusted for the address of a sender. */
  readonly trustedProxies: Networks | undefined;
}

/** Decides who may send events, by token and by network. */
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

  /** Why a request is refused; undefined if it is allowed. */
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

  /** Compares all tokens, each in constant time, so that the duration reveals nothing. */
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

/** The tokens of both headers: a tool that always sets one of them can still be given the other. */
function tokensIn({ authorization = '', ...headers }: IncomingHttpHeaders): string[] {
  const bearer = /^Bearer +(\S+) *$/i.exec(authorization)?.[1];
  return [headers['x-pdaltagent-token'], bearer].flat().filter((token): token is string => Boolean(token));
}
