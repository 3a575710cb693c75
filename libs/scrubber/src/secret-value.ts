/** Words in the place of a value that are about it. */
const WORDS = new Set(
  (
    'null nil none undefined true false yes no on off empty blank unset set missing required optional invalid incorrect wrong bad ' +
    'expired expiring expires revoked rejected denied declined refused failed failure failing ok okay valid validated verified ' +
    'redacted masked hidden filtered removed changed reset resetting rotated rotating rotation renewed refreshed unknown na n/a ' +
    'not is was are has have had must should cannot can could will would may for from in on at by to of the a an and or as if ' +
    'authentication authorization policy length too string bytes error errors exception mismatch mismatched accepted updated ' +
    'needed prompt provided found given used using use already never authentication-failed does did do user users ' +
    'unauthorized forbidden unauthenticated disabled enabled locked lockout exhausted unavailable timeout timed signature ' +
    'malformed unexpected unsupported supplied leaked exposed compromised stored sent received created deleted generated'
  ).split(' '),
);
const REFERENCE =
  /^(?:\$(?!\d[a-z]?\$)[\w{(]|%[({\w]|\{\{|<|\[|\*(?![\dA-F]{8})|x{3,}|X{3,}|•|#\{|@\w+@$|env[.:(]|vault:|arn:|secretsmanager:|ssm:|file:|\/(?:etc|var|run|opt|home|usr|tmp|mnt|secrets?|vault)\/)/;
const NO_ALPHANUMERICS = /^[\W_]*$/;

/** Whether a value is not the secret itself: a word about it, a reference to where it is stored, or asterisks. */
export function isPlaceholderValue(value: string): boolean {
  return NO_ALPHANUMERICS.test(value) || REFERENCE.test(value) || WORDS.has(value.toLowerCase());
}

/** Whether a value looks generated: long enough, and not a word. */
export function looksGenerated(value: string): boolean {
  if (value.length < 6 || isPlaceholderValue(value)) return false;
  if (/^[a-z][a-z]+(?:[-_./:][a-z]+)*$|^[A-Z]?[a-z]+$|^[\d.,:%-]{1,15}$|^https?:/.test(value)) return false;
  return /\d/.test(value) || /[a-z][A-Z]|[A-Z][a-z]/.test(value) || value.length >= 20;
}
