import { textOf } from './json';
import { type ParsedEvent } from './parsed-event';

const ACTIONS: Readonly<Record<string, string>> = {
  PROBLEM: 'trigger',
  ACKNOWLEDGEMENT: 'acknowledge',
  RECOVERY: 'resolve',
};

/**
 * What PagerDuty's first plug-in for Nagios posts (PagerDuty/pagerduty-nagios-pl): a form of Nagios's macros. The alert
 * has the same key and title as with PagerDuty Agent's pd-nagios; what PagerDuty makes of the form is not documented.
 */
export function parseNagiosForm(bytes: Buffer): Omit<ParsedEvent, 'document'> {
  const fields = Object.fromEntries(new URLSearchParams(bytes.toString()));
  const {
    CONTACTPAGER,
    NOTIFICATIONTYPE = '',
    HOSTNAME = '',
    HOSTSTATE = '',
    SERVICEDESC = '',
    SERVICESTATE = '',
  } = fields;
  const isService = fields.pd_nagios_object === 'service';
  return {
    routingKey: textOf(CONTACTPAGER),
    action: ACTIONS[NOTIFICATIONTYPE] ?? null,
    dedupKey: isService
      ? `event_source=service;host_name=${HOSTNAME};service_desc=${SERVICEDESC}`
      : `event_source=host;host_name=${HOSTNAME}`,
    title: isService
      ? `SERVICEDESC=${SERVICEDESC}; SERVICESTATE=${SERVICESTATE}; HOSTNAME=${HOSTNAME}`
      : `HOSTNAME=${HOSTNAME}; HOSTSTATE=${HOSTSTATE}`,
    severity: null,
    details: fields,
  };
}
