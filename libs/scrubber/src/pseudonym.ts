import { createHmac } from 'node:crypto';

const PLACEHOLDER_HEX = 6;
const DEDUP_HEX = 16;

/** Keyed digest of a value of a kind, in hexadecimal: without the secret nobody can tell or try out the value. */
function digest(secret: string, kind: string, value: string): string {
  return createHmac('sha256', secret).update(`${kind}\0${value}`).digest('hex');
}

/** `{{KIND:1f3a9c}}`: the same for every way to write a value, so that two mentions of one person can be correlated. */
export function token(secret: string, kind: string, value: string): string {
  const written = value.toLowerCase().replace(/[\s().-]/g, '');
  return `{{${kind}:${digest(secret, kind, written).slice(0, PLACEHOLDER_HEX)}}}`;
}

/** A pseudonym inside a dedup key: longer, and different for values that differ in anything. */
export function keyPseudonym(secret: string, kind: string, value: string): string {
  return `{{${kind}:${digest(secret, kind, value).slice(0, DEDUP_HEX)}}}`;
}

/** A whole dedup key that would not fit PagerDuty's 255 characters with its pseudonyms. */
export function wholeKeyPseudonym(secret: string, key: string): string {
  return `sha256:${digest(secret, 'DEDUP_KEY', key)}`;
}
