import { eventNames } from './event-names';
import { listOf, objectOf, textOf } from './json';
import { type LogEntry } from './log-entry';

/** Which webhooks a destination wants: every list that is present must match; without lists, everything. */
export interface DestinationFilter {
  /** Ids of services. */
  readonly services?: readonly string[];
  /** Team ids, of the log entry or of its incident. */
  readonly teams?: readonly string[];
  /** Event names, in either format. */
  readonly events?: readonly string[];
  readonly urgencies?: readonly string[];
  /** Priority ids or names; `none` for an incident without one. */
  readonly priorities?: readonly string[];
}

export const NO_FILTER: DestinationFilter = Object.freeze({});

/** Whether a destination with this filter wants the entry's webhook. */
export function matchesFilter(filter: DestinationFilter, entry: LogEntry): boolean {
  const incident = objectOf(entry.fields.incident);
  return (
    matches(filter.services, () => [entry.serviceId]) &&
    matches(filter.teams, () => [...idsOf(entry.fields.teams), ...idsOf(incident?.teams)]) &&
    matches(filter.events, () => {
      const { v2, v3 } = eventNames(entry);
      return [v2, v3];
    }) &&
    matches(filter.urgencies, () => [textOf(incident?.urgency)]) &&
    matches(filter.priorities, () => {
      const priority = objectOf(incident?.priority);
      return priority === null ? ['none'] : [textOf(priority.id), textOf(priority.summary), textOf(priority.name)];
    })
  );
}

function matches(wanted: readonly string[] | undefined, found: () => readonly (string | null)[]): boolean {
  return wanted === undefined || found().some((value) => value !== null && wanted.includes(value));
}

function idsOf(references: unknown): (string | null)[] {
  return listOf(references).map((reference) => textOf(objectOf(reference)?.id));
}
