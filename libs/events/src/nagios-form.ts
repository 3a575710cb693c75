import { routingKeyErrors } from './validate';

const KEY_FIELD = 'CONTACTPAGER';

export type NagiosKey =
  { readonly ok: true; readonly routingKey: string } | { readonly ok: false; readonly errors: readonly string[] };

/**
 * The routing key in what PagerDuty's first plug-in for Nagios (pagerduty_nagios.pl) posts: a form of Nagios's macros,
 * in which the pager of the contact is the key. Source: PagerDuty/pagerduty-nagios-pl.
 */
export function nagiosKeyIn(contentType: string, body: Buffer): NagiosKey {
  if (!/^\s*application\/x-www-form-urlencoded\s*(;|$)/i.test(contentType))
    return { ok: false, errors: ['Body is not a form (Content-Type must be application/x-www-form-urlencoded)'] };
  const [routingKey, ...others] = new URLSearchParams(body.toString('latin1')).getAll(KEY_FIELD);
  // We must read the same key as PagerDuty.
  if (others.length > 0) return { ok: false, errors: [`'${KEY_FIELD}' is given more than once`] };
  const errors = routingKeyErrors(routingKey, KEY_FIELD);
  return errors.length > 0 || routingKey === undefined ? { ok: false, errors } : { ok: true, routingKey };
}
