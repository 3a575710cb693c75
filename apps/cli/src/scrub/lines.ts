import { type Scrubber } from '@pdaltagent/scrubber';
import { z } from 'zod';
import { type Terminal } from '../terminal';
import { linesOf } from './input';

const LINE = z.object({ id: z.union([z.string(), z.number()]), text: z.string(), key: z.string().optional() });
/** Output is written in chunks of this many characters. */
const BATCH = 65_536;

/**
 * Scrubs lines `{"id", "text", "key"?}` one by one as they arrive; an invalid line is reported by its number and skipped.
 * @returns 1 if there was an invalid line
 */
export async function scrubLines(
  input: AsyncIterable<Uint8Array>,
  scrubber: Scrubber,
  { out, error }: Pick<Terminal, 'out' | 'error'>,
  explain: boolean,
): Promise<number> {
  let pending = '';
  let number = 0;
  let invalidCount = 0;
  for await (const line of linesOf(input)) {
    number += 1;
    if (line.trim() === '') continue;
    const record = recordOf(line);
    if (typeof record === 'string') {
      invalidCount += 1;
      error(`line ${number}: ${record}\n`);
      continue;
    }
    const { id, text, key } = record;
    const found = explain ? { found: scrubber.explain(text, key) } : {};
    pending += `${JSON.stringify({ id, text: scrubber.scrubText(text, key).text, ...found })}\n`;
    if (pending.length < BATCH) continue;
    out(pending);
    pending = '';
  }
  out(pending);
  return invalidCount === 0 ? 0 : 1;
}

/** The record of a line, or an error that quotes no part of the line, which may be personal. */
function recordOf(line: string): z.infer<typeof LINE> | string {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return 'not JSON';
  }
  const record = LINE.safeParse(value);
  return record.success ? record.data : 'expected {"id": …, "text": "…", "key": "…" (optional)}';
}
