import { applyEdits, isJsonObject, readDocument, type Edit, type JsonDocument } from './json-document';
import type { ApiType } from './event-type';
import { outlineOf } from './json-outline';
import { MAXIMUM_EVENT_BYTES, MAXIMUM_SUMMARY_CHARACTERS, truncateText } from './limits';
import { FIELD_NAMES } from './field-names';

/** An event within PagerDuty's limits, and warnings for the sender about what was truncated. */
export interface TruncatedEvent {
  readonly document: JsonDocument;
  readonly warnings: readonly string[];
}

const NO_WARNINGS: readonly string[] = [];

// Alertmanager's text, so that responders who have seen it before know what happened.
const DETAILS_NOTE = {
  error: 'Custom details have been removed because the original event exceeds the maximum size of 512KB',
};

/**
 * Truncates what PagerDuty would reject an event for: a summary over 1,024 characters ends in an ellipsis, and if the event is
 * over 512 KB its custom details are replaced by a note. A page with fewer details is better than a lost page.
 * Only the bytes of those two values change. The result may still be too large.
 */
export function truncateToLimits(type: ApiType, document: JsonDocument): TruncatedEvent {
  const shortened = truncateSummary(type, document);
  const truncated = removeLargeDetails(type, shortened);
  if (truncated === document) return { document, warnings: NO_WARNINGS };
  return {
    document: truncated,
    warnings: [
      ...(shortened === document
        ? []
        : [
            `'${FIELD_NAMES[type].summary}' was truncated: it is too long (maximum is ${MAXIMUM_SUMMARY_CHARACTERS} characters)`,
          ]),
      ...(truncated === shortened
        ? []
        : [`'${FIELD_NAMES[type].details}' was removed: the event exceeds the maximum size of 512KB`]),
    ],
  };
}

function truncateSummary(type: ApiType, document: JsonDocument): JsonDocument {
  const names = FIELD_NAMES[type];
  const parent = names.parent === undefined ? document.value : document.value[names.parent];
  const summary = isJsonObject(parent) ? parent[names.summary] : undefined;
  if (typeof summary !== 'string') return document;
  const cut = truncateText(MAXIMUM_SUMMARY_CHARACTERS, summary);
  if (cut === summary) return document;
  return replaceLongValues(type, document, names.summary, JSON.stringify(cut), MAXIMUM_SUMMARY_CHARACTERS);
}

function removeLargeDetails(type: ApiType, document: JsonDocument): JsonDocument {
  if (document.bytes.length <= MAXIMUM_EVENT_BYTES) return document;
  const note = JSON.stringify(DETAILS_NOTE);
  return replaceLongValues(type, document, FIELD_NAMES[type].details, note, note.length);
}

/**
 * Replaces the value of a member of the event's (last) parent object; without such a member nothing changes. If the member is
 * repeated, only values over `bytes` are replaced: an event with many small ones would grow to a multiple of its size.
 */
function replaceLongValues(
  type: ApiType,
  document: JsonDocument,
  name: string,
  text: string,
  bytes: number,
): JsonDocument {
  const { parent } = FIELD_NAMES[type];
  let { members } = document.outline;
  if (parent !== undefined) {
    const parentMember = members.findLast((member) => member.name === parent);
    if (parentMember === undefined || !isJsonObject(document.value[parent])) return document;
    members = outlineOf(document.bytes, parentMember.valueStart, new Set([name])).members;
  }
  const edits = members
    .filter((member) => member.name === name && member.valueEnd - member.valueStart > bytes)
    .map(({ valueStart, valueEnd }): Edit => ({ start: valueStart, end: valueEnd, text }));
  if (edits.length === 0) return document;
  const result = readDocument(applyEdits(document.bytes, edits));
  return result.ok ? result.document : document;
}
