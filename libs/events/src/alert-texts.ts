import { type ApiType } from './event-type';
import { FIELD_NAMES } from './field-names';
import { type EventObject, isJsonObject } from './json-document';

/** What a person knows an alert by, as the event says it: any of them may be long. Undefined: the event does not say it. */
export interface AlertTexts {
  readonly severity: string | undefined;
  readonly source: string | undefined;
  readonly summary: string | undefined;
}

/**
 * An event's summary (v1: description), source and severity. They are only picked here, because this is done for every event: who
 * records them cuts them. They are texts of their own, so that nothing keeps the parsed event while it waits to be stored.
 */
export function alertTextsOf(type: ApiType, value: EventObject): AlertTexts {
  const { parent, summary } = FIELD_NAMES[type];
  const alert = parent === undefined ? value : value[parent];
  // A v1 event may have members of these names as well: they mean nothing to PagerDuty.
  if (!isJsonObject(alert)) return NO_TEXTS;
  if (type === 'v1') return { severity: undefined, source: undefined, summary: textIn(alert[summary]) };
  return {
    severity: textIn(alert.severity),
    source: textIn(alert.source),
    summary: textIn(alert[summary]),
  };
}

const NO_TEXTS: AlertTexts = { severity: undefined, source: undefined, summary: undefined };

function textIn(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
