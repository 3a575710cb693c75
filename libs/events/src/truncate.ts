import { edited, isJsonObject, readDocument, type Edit, type JsonDocument } from './json-document';
import type { ApiType } from './event-type';
import { outlineOf } from './json-outline';
import { cutTo, MAXIMUM_EVENT_BYTES, MAXIMUM_SUMMARY_CHARACTERS } from './limits';
import { SHAPES } from './field-names';

/** An event that keeps PagerDuty's limits, and what had to be cut for that, in words for the sender. */
export interface Fitted {
  readonly document: JsonDocument;
  readonly warnings: readonly string[];
}

const NOTHING: readonly string[] = [];

// Alertmanager's words, so that a responder who has seen them before knows what happened.
const DETAILS_NOTE = {
  error: 'Custom details have been removed because the original event exceeds the maximum size of 512KB',
};

/**
 * Cuts what PagerDuty would refuse an event for: a summary over 1,024 characters ends in an ellipsis, and where the
 * event is over 512 KB its custom details give way to a note. A page with fewer details beats a lost page.
 * Only the bytes of those two values change. An event that is still too big comes back too big.
 */
export function fit(type: ApiType, document: JsonDocument): Fitted {
  const short = withShortSummary(type, document);
  const small = withoutBigDetails(type, short);
  if (small === document) return { document, warnings: NOTHING };
  return {
    document: small,
    warnings: [
      ...(short === document
        ? []
        : [`'${SHAPES[type].summary}' was cut: it is too long (maximum is ${MAXIMUM_SUMMARY_CHARACTERS} characters)`]),
      ...(small === short
        ? []
        : [`'${SHAPES[type].details}' was removed: the event exceeds the maximum size of 512KB`]),
    ],
  };
}

function withShortSummary(type: ApiType, document: JsonDocument): JsonDocument {
  const shape = SHAPES[type];
  const holder = shape.parent === undefined ? document.value : document.value[shape.parent];
  const summary = isJsonObject(holder) ? holder[shape.summary] : undefined;
  if (typeof summary !== 'string') return document;
  const cut = cutTo(MAXIMUM_SUMMARY_CHARACTERS, summary);
  if (cut === summary) return document;
  return replaceLong(type, document, shape.summary, JSON.stringify(cut), MAXIMUM_SUMMARY_CHARACTERS);
}

function withoutBigDetails(type: ApiType, document: JsonDocument): JsonDocument {
  if (document.bytes.length <= MAXIMUM_EVENT_BYTES) return document;
  const note = JSON.stringify(DETAILS_NOTE);
  return replaceLong(type, document, SHAPES[type].details, note, note.length);
}

/**
 * Replaces the value of a member of the event's (last) parent object; without such a member nothing changes. Where the
 * member is repeated, only values over `bytes` give way: an event of many small ones would grow to a multiple of itself.
 */
function replaceLong(type: ApiType, document: JsonDocument, name: string, text: string, bytes: number): JsonDocument {
  const { parent } = SHAPES[type];
  let { members } = document.outline;
  if (parent !== undefined) {
    const holder = members.findLast((member) => member.name === parent);
    if (holder === undefined || !isJsonObject(document.value[parent])) return document;
    members = outlineOf(document.bytes, holder.valueStart).members;
  }
  const edits = members
    .filter((member) => member.name === name && member.valueEnd - member.valueStart > bytes)
    .map(({ valueStart, valueEnd }): Edit => ({ start: valueStart, end: valueEnd, text }));
  if (edits.length === 0) return document;
  const reading = readDocument(edited(document.bytes, edits));
  return reading.ok ? reading.document : document;
}
