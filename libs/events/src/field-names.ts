import type { ApiType } from './event-type';
import { NameSet } from './json-names';

/** All members of events, at any level, that are read; see `readEvent`. */
export const READ_NAMES = [
  'routing_key',
  'event_action',
  'dedup_key',
  'payload',
  'summary',
  'source',
  'severity',
  'timestamp',
  'component',
  'group',
  'class',
  'custom_details',
  'client',
  'client_url',
  'images',
  'src',
  'alt',
  'links',
  'href',
  'text',
  'service_key',
  'event_type',
  'incident_key',
  'description',
  'details',
  'contexts',
  'type',
] as const;
export type ReadName = (typeof READ_NAMES)[number];

/** What each API calls the fields that we read. */
export interface FieldNames {
  readonly routingKey: ReadName;
  readonly action?: ReadName;
  readonly dedupKey?: ReadName;
  /** The object that contains summary and details; undefined: the event itself. */
  readonly parent?: ReadName;
  readonly summary: ReadName;
  readonly details: ReadName;
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
export const TOP_LEVEL_NAMES = new NameSet(
  Object.values(FIELD_NAMES).flatMap((names) => Object.values<string>({ ...names })),
);
