import { parseTime } from '@pdaltagent/webhooks';
import { InvalidArgumentError } from 'commander';

const UNITS: ReadonlyMap<string, number> = new Map([
  ['s', 1_000],
  ['min', 60_000],
  ['m', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
]);

/** An integer of one or more. @throws InvalidArgumentError, which commander reports with the option's name */
export function countOption(text: string): number {
  const count = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(count) || count === 0)
    throw new InvalidArgumentError('It must be an integer of one or more.');
  return count;
}

/**
 * Adds the URL of an admin port, `http://localhost:8091` or `localhost:8091`, to the previous ones.
 * @throws InvalidArgumentError, which commander reports with the option's name
 */
export function addressOption(text: string, before: readonly string[] = []): readonly string[] {
  const url = /^[\w.-]+:\d+$|^\[[\da-f:.]+\]:\d+$/i.test(text) ? `http://${text}` : text;
  if (!/^https?:\/\//i.test(url) || !URL.canParse(url))
    throw new InvalidArgumentError('It must be a URL (http://localhost:8091) or host:port.');
  return [...before, url];
}

const ISO_TIME = /^(\d{4}-\d\d-\d\d)(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:[Zz]|[+-]\d\d:?\d\d)?)?$/;

/**
 * A date or time in ISO 8601; UTC without a zone. Null for anything else: `Date.parse` reads `5` as May 2001, and
 * 31 February as a day in March.
 */
function isoTime(text: string): number | null {
  const [, date = ''] = ISO_TIME.exec(text) ?? [];
  const day = parseTime(date);
  return day !== null && new Date(day).toISOString().startsWith(date) ? parseTime(text) : null;
}

/** A routing key or its end, as `…d1a6` or `d1a6`. @throws InvalidArgumentError, which commander reports with the option's name */
export function keyEndOption(text: string): string {
  const end = text.replace(/^…/, '');
  if (end === '') throw new InvalidArgumentError('It must be a routing key, or the end of one.');
  return end;
}

/**
 * A time in the past: ISO 8601, or how long ago. @returns milliseconds since 1970
 * @throws InvalidArgumentError, which commander reports with the option's name
 */
export function pastOption(text: string, now: number): number {
  const [, amount, unit = ''] = /^(\d+) ?([a-z]+)$/.exec(text) ?? [];
  const length = UNITS.get(unit);
  const time = amount !== undefined && length !== undefined ? now - Number(amount) * length : isoTime(text);
  if (time === null || Number.isNaN(new Date(time).getTime()))
    throw new InvalidArgumentError('It must be an ISO 8601 time (2026-03-01T00:00:00Z) or an age (30min, 2h, 3d).');
  return time;
}
