import { routingKeyErrors } from './validate';

const KEY_FIELD = 'CONTACTPAGER';
/** Of a character that is escaped in a form. */
const ESCAPED_LENGTH = 3;

export type NagiosKey =
  { readonly ok: true; readonly routingKey: string } | { readonly ok: false; readonly errors: readonly string[] };

/**
 * The routing key in what PagerDuty's first plug-in for Nagios (pagerduty_nagios.pl) posts: a form of Nagios's macros,
 * in which the pager of the contact is the key. Source: PagerDuty/pagerduty-nagios-pl.
 */
export function nagiosKeyIn(contentType: string, body: Buffer): NagiosKey {
  if (!/^\s*application\/x-www-form-urlencoded\s*(;|$)/i.test(contentType))
    return { ok: false, errors: ['Body is not a form (Content-Type must be application/x-www-form-urlencoded)'] };
  const [routingKey, ...others] = keysIn(body.toString('latin1'));
  // We must read the same key as PagerDuty.
  if (others.length > 0) return { ok: false, errors: [`'${KEY_FIELD}' is given more than once`] };
  const errors = routingKeyErrors(routingKey, KEY_FIELD);
  return errors.length > 0 || routingKey === undefined ? { ok: false, errors } : { ok: true, routingKey };
}

/**
 * The values of the field. Only what can be that field is decoded: a form may have 160,000 others, and decoding them would hold the
 * event loop for 50 ms.
 */
function keysIn(form: string): readonly string[] {
  const fields: string[] = [];
  for (let start = 0; start < form.length;) {
    const next = form.indexOf('&', start);
    const end = next < 0 ? form.length : next;
    if (end - start >= KEY_FIELD.length) {
      const field = form.slice(start, end);
      const equals = field.indexOf('=');
      const nameLength = equals < 0 ? field.length : equals;
      if (nameLength >= KEY_FIELD.length && nameLength <= KEY_FIELD.length * ESCAPED_LENGTH) fields.push(field);
    }
    start = end + 1;
  }
  // Of a question mark at its beginning it would think that it is not part of the name.
  return new URLSearchParams(`&${fields.join('&')}`).getAll(KEY_FIELD);
}
