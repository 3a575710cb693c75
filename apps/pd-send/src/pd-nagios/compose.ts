import { MAXIMUM_SUMMARY_CHARACTERS, type AlertEvent, type EventAction, type Severity } from '@pdaltagent/events';
import { cutAfter, fieldsOf, keyOf, present } from '../fields';
import { lastOf, UsageError, type Given } from '../parse';
import { type PdNagiosOption } from './command';

const ACTIONS: Readonly<Record<string, EventAction>> = { ACKNOWLEDGEMENT: 'acknowledge', RECOVERY: 'resolve' };
const SEVERITY_OF_STATE: Readonly<Record<string, Severity>> = {
  UNKNOWN: 'error',
  UNREACHABLE: 'error',
  WARNING: 'warning',
  OK: 'info',
  UP: 'info',
};

/** The event for a notification; key, summary and details as PagerDuty Agent's pd-nagios makes them. @throws UsageError */
export function compose(given: Given<PdNagiosOption>): AlertEvent {
  const kind = lastOf(given, 'notification') === 'host' ? 'host' : 'service';
  const fields = fieldsOf(given.get('field') ?? []);
  const field = (name: string): string => {
    const value = fields[name];
    if (value !== undefined) return value;
    throw new UsageError(`Missing fields for type '${kind}'.  ${REQUIRED[kind].join(', ')} required`);
  };
  const host = field('HOSTNAME');
  const about =
    kind === 'host'
      ? {
          key: `event_source=host;host_name=${host}`,
          summary: `HOSTNAME=${host}; HOSTSTATE=${field('HOSTSTATE')}`,
          state: field('HOSTSTATE'),
          component: {},
        }
      : {
          key: `event_source=service;host_name=${host};service_desc=${field('SERVICEDESC')}`,
          summary: `SERVICEDESC=${field('SERVICEDESC')}; SERVICESTATE=${field('SERVICESTATE')}; HOSTNAME=${host}`,
          state: field('SERVICESTATE'),
          component: { component: field('SERVICEDESC') },
        };
  return {
    routing_key: lastOf(given, 'key') ?? '',
    event_action: ACTIONS[lastOf(given, 'type') ?? ''] ?? 'trigger',
    dedup_key: lastOf(given, 'incidentKey') || keyOf(about.key),
    payload: {
      summary: cutAfter(MAXIMUM_SUMMARY_CHARACTERS, about.summary),
      source: host,
      severity: SEVERITY_OF_STATE[about.state.toUpperCase()] ?? 'critical',
      ...about.component,
      custom_details: { ...fields, pd_nagios_object: kind },
    },
    ...present({ client: lastOf(given, 'client'), client_url: lastOf(given, 'clientUrl') }),
  };
}

const REQUIRED = {
  host: ['HOSTNAME', 'HOSTSTATE'],
  service: ['HOSTNAME', 'SERVICEDESC', 'SERVICESTATE'],
} as const;
