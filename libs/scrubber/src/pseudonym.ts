import { createHmac } from 'node:crypto';

const PLACEHOLDER_HEX = 6;
const DEDUP_HEX = 16;

/** HMAC of a value and its kind, in hexadecimal. Without the secret, the value cannot be guessed by trying. */
function digest(secret: string, kind: string, value: string): string {
  return createHmac('sha256', secret).update(`${kind}\0${value}`).digest('hex');
}

const placeholders = new Map<string, string>();

/** `{{KIND}}`. The string is made once for each kind: a text can contain thousands of values. */
export function placeholder(kind: string): string {
  const known = placeholders.get(kind);
  if (known !== undefined) return known;
  const made = `{{${kind}}}`;
  placeholders.set(kind, made);
  return made;
}

/** `{{KIND:1f3a9c}}`: the same for different spellings of a value, so that mentions can be correlated. */
export function token(secret: string, kind: string, value: string): string {
  const written = value.toLowerCase().replace(/[\s().-]/g, '');
  return `{{${kind}:${digest(secret, kind, written).slice(0, PLACEHOLDER_HEX)}}}`;
}

/** A pseudonym in a dedup key: longer, and different for values that differ in any character. */
export function keyPseudonym(secret: string, kind: string, value: string): string {
  return `{{${kind}:${digest(secret, kind, value).slice(0, DEDUP_HEX)}}}`;
}

/** Replaces a dedup key that would exceed PagerDuty's 255 characters with its pseudonyms. */
export function wholeKeyPseudonym(secret: string, key: string): string {
  return `sha256:${digest(secret, 'DEDUP_KEY', key)}`;
}
