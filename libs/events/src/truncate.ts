import { applyEdits, type Edit, edited, type EventDocument, isEventObject } from './json-document';
import type { ApiType } from './event-type';
import { FIELD_NAMES, type ReadName, TOP_LEVEL_NAMES } from './field-names';
import { NameSet } from './json-names';
import { type Member, outlineOf } from './json-outline';
import { OPEN_BRACE, QUOTE, stringAt } from './json-strings';
import { MAXIMUM_EVENT_BYTES, MAXIMUM_SUMMARY_CHARACTERS, truncateText } from './limits';

/** What is within PagerDuty's limits, and warnings for the sender about what was truncated. */
export interface Truncated<Event> {
  readonly event: Event;
  readonly warnings: readonly string[];
}

const NO_WARNINGS: readonly string[] = [];

// Alertmanager's text, so that responders who have seen it before know what happened.
const DETAILS_NOTE = JSON.stringify({
  error: 'Custom details have been removed because the original event exceeds the maximum size of 512KB',
});

/**
 * Truncates what PagerDuty would reject an event of over 512 KB for: a summary over 1,024 characters ends in an ellipsis, and if the
 * event is still too large, its custom details are replaced by a note. A page with fewer details is better than a lost page. Only the
 * bytes of those two values change, and nothing else is parsed, which would take longer than it may. The result may still be too large.
 */
export function truncateLargeEvent(type: ApiType, bytes: Buffer): Truncated<Buffer> {
  if (bytes.length <= MAXIMUM_EVENT_BYTES) return { event: bytes, warnings: NO_WARNINGS };
  const edits = summaryEdits(type, bytes);
  const shortened = edits.length === 0 ? bytes : applyEdits(bytes, edits);
  const warnings = edits.length === 0 ? [] : [summaryWarning(type)];
  const { details } = FIELD_NAMES[type];
  const large =
    shortened.length <= MAXIMUM_EVENT_BYTES
      ? []
      : membersNamed(type, shortened, details).filter((member) => lengthOf(member) > DETAILS_NOTE.length);
  if (large.length === 0) return { event: shortened, warnings };
  return {
    event: applyEdits(shortened, large.map(replacing(DETAILS_NOTE))),
    warnings: [...warnings, `'${details}' was removed: the event exceeds the maximum size of 512KB`],
  };
}

/** Truncates a summary over 1,024 characters, for which PagerDuty would reject the event. */
export function truncateSummary(type: ApiType, document: EventDocument): Truncated<EventDocument> {
  const names = FIELD_NAMES[type];
  const parent = names.parent === undefined ? document.value : document.value[names.parent];
  const summary = isEventObject(parent) ? parent[names.summary] : undefined;
  const cut = typeof summary === 'string' ? truncateText(MAXIMUM_SUMMARY_CHARACTERS, summary) : undefined;
  if (!isEventObject(parent) || cut === undefined || cut === summary) return { event: document, warnings: NO_WARNINGS };
  const changed = { ...parent, [names.summary]: cut };
  const value = names.parent === undefined ? changed : { ...document.value, [names.parent]: changed };
  return {
    event: edited(document, summaryEdits(type, document.bytes), value),
    warnings: [summaryWarning(type)],
  };
}

/** If the summary is repeated, only those that are too long change: an event with many short ones would grow to a multiple. */
function summaryEdits(type: ApiType, bytes: Buffer): readonly Edit[] {
  return membersNamed(type, bytes, FIELD_NAMES[type].summary).flatMap((member) => {
    if (lengthOf(member) <= MAXIMUM_SUMMARY_CHARACTERS || bytes[member.valueStart] !== QUOTE) return [];
    const summary = stringAt(bytes, member.valueStart, member.valueEnd) ?? '';
    const cut = truncateText(MAXIMUM_SUMMARY_CHARACTERS, summary);
    return cut === summary ? [] : [replacing(JSON.stringify(cut))(member)];
  });
}

/** The members of the event's (last) parent object with this name. */
function membersNamed(type: ApiType, bytes: Buffer, name: ReadName): readonly Member[] {
  const { parent } = FIELD_NAMES[type];
  const { members } = outlineOf(bytes, 0, TOP_LEVEL_NAMES);
  if (parent === undefined) return members.filter((member) => member.name === name);
  const found = members.findLast((member) => member.name === parent);
  if (found === undefined || bytes[found.valueStart] !== OPEN_BRACE) return [];
  return outlineOf(bytes, found.valueStart, new NameSet([name])).members;
}

function lengthOf({ valueStart, valueEnd }: Member): number {
  return valueEnd - valueStart;
}

function replacing(text: string): (member: Member) => Edit {
  return ({ valueStart, valueEnd }) => ({ start: valueStart, end: valueEnd, text });
}

function summaryWarning(type: ApiType): string {
  return `'${FIELD_NAMES[type].summary}' was truncated: it is too long (maximum is ${MAXIMUM_SUMMARY_CHARACTERS} characters)`;
}
