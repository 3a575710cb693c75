import { createHash } from 'node:crypto';

/** The token of an `Authorization: Bearer` header. */
export function bearerTokenIn(authorization = ''): string | undefined {
  return /^Bearer +(\S+) *$/i.exec(authorization)?.[1];
}

/** For comparisons in constant time: digests have one length, so that the duration does not even reveal a token's. */
export function tokenDigest(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
