import { type FindingCounts, type Scrubber } from '@pdaltagent/scrubber';
import { type ScrubbableParts, type ScrubbedParts } from './ports';

export interface ScrubResult {
  readonly parts: ScrubbedParts;
  readonly found: readonly FindingCounts[];
}

/** A query is scrubbed like a form: each value with its name; only changed values are escaped again. */
const FORM = 'application/x-www-form-urlencoded';

/** The length of everything that is scanned, in bytes. */
export function lengthOf({ body, query = '', forward }: ScrubbedParts): number {
  let length = body.length + query.length;
  for (const name in forward) length += forward[name]?.length ?? 0;
  return length;
}

/** Scrubs body, query and headers of a request. */
export function scrubParts(
  scrubber: Scrubber,
  { type, contentType, body, query, forward }: ScrubbableParts,
): ScrubResult {
  const scrubbed = scrubber.scrubBody(type, contentType, body);
  if (query === undefined && forward === undefined)
    return { parts: { body: scrubbed.bytes, query, forward }, found: [scrubbed.found] };
  const found = [scrubbed.found];
  const scrubQuery = (text: string): string => {
    const result = scrubber.scrubBody('integration', FORM, Buffer.from(text));
    found.push(result.found);
    return result.bytes.toString();
  };
  const scrubHeader = (name: string, value: string): string => {
    const result = scrubber.scrubText(value, name);
    found.push(result.found);
    return result.text;
  };
  const parts = {
    body: scrubbed.bytes,
    query: query === undefined ? undefined : scrubQuery(query),
    forward:
      forward === undefined
        ? undefined
        : Object.fromEntries(Object.entries(forward).map(([name, value]) => [name, scrubHeader(name, value)])),
  };
  return { parts, found };
}
