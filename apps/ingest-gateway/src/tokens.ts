import { bearerTokenIn, tokenDigest } from '@pdaltagent/service';
import { timingSafeEqual } from 'node:crypto';
import { type IncomingHttpHeaders } from 'node:http';

/** Shorter tokens could be guessed. They are accepted with a warning for one release. */
export const MINIMUM_TOKEN_LENGTH = 16;

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
const HASH = /^sha256:(.*)$/i;
/** The name of tokens without one, for metrics and the log. */
export const UNNAMED = 'unnamed';

interface Entry {
  readonly name: string;
  readonly digest: Buffer;
}

export interface ParsedTokens {
  readonly tokens: Tokens;
  /** What is wrong with entries, which are not repeated: they are secret. */
  readonly problems: readonly string[];
  /** The names or positions of tokens that are too short. */
  readonly short: readonly string[];
}

/** What a request presents: the name of a valid token, or why there is none. */
export type PresentedToken =
  | { readonly kind: 'valid'; readonly name: string }
  | { readonly kind: 'refused'; readonly problem: 'A token is required' | 'The token is not valid' };

/** The tokens that senders may present. Only their hashes are kept. */
export class Tokens {
  static readonly none = new Tokens([]);

  private constructor(private readonly entries: readonly Entry[]) {}

  /**
   * Tokens, separated by commas, spaces or line breaks: `token`, `name=token` or `name=sha256:…`. Two with the same name are a
   * rotation. Lines that begin with # are comments.
   */
  static parse(text: string): ParsedTokens {
    const entries: Entry[] = [];
    const problems: string[] = [];
    const short: string[] = [];
    const texts = text.replace(/^[ \t]*#.*$/gm, '').split(/[\s,]+/);
    for (const [index, written] of texts.filter((part) => part !== '').entries()) {
      const { name, token } = parseEntry(written);
      const shown = name === UNNAMED ? `token ${index + 1}` : name;
      const hash = HASH.exec(token)?.[1];
      if (hash === undefined) {
        if (token.length < MINIMUM_TOKEN_LENGTH) short.push(shown);
        entries.push({ name, digest: tokenDigest(token) });
        // A token with an equals sign, which an earlier version read as a whole, remains valid.
        if (name !== UNNAMED) entries.push({ name, digest: tokenDigest(written) });
      } else if (/^[\da-f]{64}$/i.test(hash)) entries.push({ name, digest: Buffer.from(hash, 'hex') });
      else problems.push(`${shown}: sha256: must be followed by 64 hexadecimal digits`);
    }
    return { tokens: new Tokens(entries), problems, short };
  }

  get isEmpty(): boolean {
    return this.entries.length === 0;
  }

  get names(): readonly string[] {
    return [...new Set(this.entries.map(({ name }) => name))];
  }

  /** Looks for a valid token in both headers: a tool that always sets one of them can still be given the other. */
  presentedIn(headers: IncomingHttpHeaders): PresentedToken {
    const presented = tokensIn(headers);
    if (presented.length === 0) return { kind: 'refused', problem: 'A token is required' };
    for (const token of presented) {
      const name = this.#nameOf(token);
      if (name !== undefined) return { kind: 'valid', name };
    }
    return { kind: 'refused', problem: 'The token is not valid' };
  }

  /** Compares all tokens, each in constant time, so that the duration reveals nothing. */
  #nameOf(token: string): string | undefined {
    const digest = tokenDigest(token);
    let found: string | undefined;
    for (const entry of this.entries) if (timingSafeEqual(entry.digest, digest)) found = entry.name;
    return found;
  }
}

/** Equals signs at the end belong to a token in Base64. */
function parseEntry(written: string): { name: string; token: string } {
  const [, name = '', token = ''] = /^([^=]+)=(.*[^=].*)$/.exec(written) ?? [];
  return NAME.test(name) ? { name, token } : { name: UNNAMED, token: written };
}

function tokensIn(headers: IncomingHttpHeaders): string[] {
  return [headers['x-pdaltagent-token'], bearerTokenIn(headers.authorization)]
    .flat()
    .filter((token): token is string => Boolean(token));
}
