import type { ApiType } from './event-type';

/** What each API calls the fields that we read. */
export interface FieldNames {
  readonly routingKey: string;
  readonly action?: string;
  readonly dedupKey?: string;
  /** The object that contains summary and details; undefined: the event itself. */
  readonly parent?: string;
  readonly summary: string;
  readonly details: string;
}

export const FIELD_NAMES: Readonly<Record<ApiType, FieldNames>> = {
  v2: {
    routingKey: 'routing_key',
    action: 'event_action',
    dedupKey: 'dedup_key',
    parent: 'payload',
    summary: 'summary',
    details: 'custom_details',
  },
  v1: {
    routingKey: 'service_key',
    action: 'event_type',
    dedupKey: 'incident_key',
    summary: 'description',
    details: 'details',
  },
  change: { routingKey: 'routing_key', parent: 'payload', summary: 'summary', details: 'custom_details' },
};

/** The members of the outermost object that we read or replace. */
export const TOP_LEVEL_NAMES: ReadonlySet<string> = new Set(
  Object.values(FIELD_NAMES).flatMap((names) => Object.values<string>({ ...names })),
);
