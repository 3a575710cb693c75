import { MAXIMUM_SUMMARY_CHARACTERS, type AlertEvent, type EventAction, type Severity } from '@pdaltagent/events';
import { dedupKeyOf, definedMembers, parseFields, truncate } from '../fields';
import { lastValue, UsageError, type ParsedArguments } from '../parse';
import { type PdNagiosOption } from './command';

const ACTIONS: Readonly<Record<string, EventAction>> = { ACKNOWLEDGEMENT: 'acknowledge', RECOVERY: 'resolve' };
const SEVERITY_OF_STATE: Readonly<Record<string, Severity>> = {
  UNKNOWN: 'error',
  UNREACHABLE: 'error',
  WARNING: 'warning',
  OK: 'info',
  UP: 'info',
};

/** Builds the event for a notification, with key, summary and details as in PagerDuty Agent's pd-nagios. @throws UsageError */
export function compose(given: ParsedArguments<PdNagiosOption>): AlertEvent {
  const kind = lastValue(given, 'notification') === 'host' ? 'host' : 'service';
  const fields = parseFields(given.get('field') ?? []);
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
    routing_key: lastValue(given, 'key') ?? '',
    event_action: ACTIONS[lastValue(given, 'type') ?? ''] ?? 'trigger',
    dedup_key: dedupKeyOf(lastValue(given, 'incidentKey') || about.key),
    payload: {
      summary: truncate(MAXIMUM_SUMMARY_CHARACTERS, about.summary),
      source: host,
      severity: SEVERITY_OF_STATE[about.state.toUpperCase()] ?? 'critical',
      ...about.component,
      custom_details: { ...fields, pd_nagios_object: kind },
    },
    ...definedMembers({ client: lastValue(given, 'client'), client_url: lastValue(given, 'clientUrl') }),
  };
}

const REQUIRED = {
  host: ['HOSTNAME', 'HOSTSTATE'],
  service: ['HOSTNAME', 'SERVICEDESC', 'SERVICESTATE'],
} as const;
