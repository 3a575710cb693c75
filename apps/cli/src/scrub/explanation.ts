import { type Replacement, type Scrubber } from '@pdaltagent/scrubber';
import { alignColumns } from '../table';
import { bodyTypeOf } from './event-type';

const LONGEST_HINT = 24;

/** What would be replaced, one line each: place, kind, detector, shape of the value, and replacement. */
export function formatExplanation(bytes: Buffer, scrubber: Scrubber, key: string | undefined): string {
  const text = bytes.toString();
  const replacements =
    key === undefined ? scrubber.explainBody(bodyTypeOf(bytes), 'text/plain', bytes) : scrubber.explainText(text, key);
  if (replacements.length === 0) return 'nothing found\n';
  const rows = replacements.map((replacement) => [
    placeOf(replacement),
    replacement.kind,
    replacement.detector,
    hintOf(replacement, text),
    replacement.text,
  ]);
  return alignColumns([['WHERE', 'KIND', 'DETECTOR', 'SHAPE', 'BECOMES'], ...rows]);
}

/** The path of the JSON member, or the range of characters in plain text. */
function placeOf({ path, start, end }: Replacement): string {
  const member = path?.reduce<string>(
    (place, part) => (typeof part === 'number' ? `${place}[${part}]` : place === '' ? part : `${place}.${part}`),
    '',
  );
  return member === undefined ? `${start}-${end}` : member;
}

/** The value with each letter as `a` and each digit as `9`; for a secret, only its length. */
function hintOf({ start, end, kind }: Replacement, text: string): string {
  if (kind === 'SECRET' || kind === 'MASKED' || kind === 'UNSCANNED') return `${end - start} characters`;
  const shape = text.slice(start, end).replace(/\p{L}/gu, 'a').replace(/\p{N}/gu, '9').replace(/\s/g, ' ');
  return shape.length > LONGEST_HINT ? `${shape.slice(0, LONGEST_HINT - 1)}…` : shape;
}
