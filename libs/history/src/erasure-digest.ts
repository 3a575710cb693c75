import { createHash } from 'node:crypto';

const DIGEST_CHARACTERS = 22;

/** What stands for a message id in an `erased` fact. */
export function erasureDigestOf(id: string): string {
  return createHash('sha256').update(id).digest('base64url').slice(0, DIGEST_CHARACTERS);
}
