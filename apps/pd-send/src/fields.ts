import { createHash } from 'node:crypto';
import { characterCount, MAXIMUM_DEDUP_KEY_CHARACTERS } from '@pdaltagent/events';
import { UsageError } from './parse';

/** What `-f KEY=VALUE` gave: split at the first "="; all values are strings; of two with one name the last one counts. */
export function parseFields(fields: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    fields.map((field) => {
      const at = field.indexOf('=');
      if (at < 0) throw new UsageError(`argument -f/--field: expected KEY=VALUE, got '${field}'`);
      return [field.slice(0, at), field.slice(at + 1)];
    }),
  );
}

/** The members that were given. */
export function definedMembers(members: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(members).filter((member): member is [string, string] => member[1] !== undefined),
  );
}

/** The beginning of a text that is not too long for a summary; PagerDuty Agent cuts it without a word. */
export function truncate(maximum: number, text: string): string {
  return [...text].slice(0, maximum).join('');
}

/** A key made of names: one too long for PagerDuty becomes its hash, the same for every event of the alert. */
export function dedupKeyOf(names: string): string {
  if (characterCount(names) <= MAXIMUM_DEDUP_KEY_CHARACTERS) return names;
  return createHash('sha256').update(names).digest('hex');
}
