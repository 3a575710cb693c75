import { type ApiType } from './event-type';
import { FIELD_NAMES } from './field-names';
import { type EventObject, isJsonObject } from './json-document';
import { truncateText } from './limits';

/** What a person knows an alert by; absent: the event does not say it. */
export interface AlertTexts {
  readonly severity: string | undefined;
  readonly source: string | undefined;
  readonly summary: string | undefined;
}

/** Characters of each. */
const MAXIMUM_CHARACTERS = 200;

/** The beginnings of an event's summary (v1: description) and source, at most 200 characters each, and its severity. */
export function alertTextsOf(type: ApiType, value: EventObject): AlertTexts {
  const { parent, summary } = FIELD_NAMES[type];
  const alert = parent === undefined ? value : value[parent];
  // A v1 event may have members of these names as well: they mean nothing to PagerDuty.
  if (!isJsonObject(alert)) return NO_TEXTS;
  if (type === 'v1') return { severity: undefined, source: undefined, summary: beginningOf(alert[summary]) };
  return {
    severity: beginningOf(alert.severity),
    source: beginningOf(alert.source),
    summary: beginningOf(alert[summary]),
  };
}

const NO_TEXTS: AlertTexts = { severity: undefined, source: undefined, summary: undefined };

function beginningOf(text: unknown): string | undefined {
  return typeof text === 'string' ? truncateText(MAXIMUM_CHARACTERS, text) : undefined;
}
