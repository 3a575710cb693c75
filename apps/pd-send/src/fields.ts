import { createHash } from 'node:crypto';
import { characterCount, MAXIMUM_DEDUP_KEY_CHARACTERS } from '@pdaltagent/events';
import { UsageError } from './parse';

/** Parses `-f KEY=VALUE`: split at the first "="; values are strings; for duplicate names the last one counts. */
export function parseFields(fields: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    fields.map((field) => {
      const at = field.indexOf('=');
      if (at < 0) throw new UsageError(`argument -f/--field: expected KEY=VALUE, got '${field}'`);
      return [field.slice(0, at), field.slice(at + 1)];
    }),
  );
}

/** Removes undefined members. */
export function definedMembers(members: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(members).filter((member): member is [string, string] => member[1] !== undefined),
  );
}

/** The first characters of a text, at most the maximum. PagerDuty Agent truncates silently, too. */
export function truncate(maximum: number, text: string): string {
  return [...text].slice(0, maximum).join('');
}

/** A dedup key built from names; one that is too long for PagerDuty is replaced by its hash, the same for every event of the alert. */
export function dedupKeyOf(names: string): string {
  if (characterCount(names) <= MAXIMUM_DEDUP_KEY_CHARACTERS) return names;
  return createHash('sha256').update(names).digest('hex');
}
