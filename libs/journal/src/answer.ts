import { kindOfText } from '@pdaltagent/delivery';
import { isJsonObject, truncateText } from '@pdaltagent/events';
import { maskSecrets } from '@pdaltagent/service';
import { withoutRoutingKey } from './routing-key';

const MAXIMUM_CHARACTERS = 300;

/** A quote of what was sent, up to the closing quotation mark or to the end of a text that was cut; not an apostrophe. */
const QUOTED = /(?<!\w)(["'`])(.*?)(?:\1(?!\w)|$)/gs;
/** PagerDuty names members of events in quotation marks: `'payload.severity' is invalid`. */
const MEMBER = /^[A-Za-z_][\w.[\]]{0,63}$/;

/**
 * What PagerDuty said about an event that it did not take; undefined if it was not PagerDuty who answered.
 *
 * Who delivers has no scrubber: events are scrubbed once, before they are stored. Any other text is therefore left out: a page of a
 * proxy may repeat the request with its body and its key. PagerDuty's own error object says in `message` and `errors` what is wrong
 * with which member; what these quote is left out, unless it is the name of a member. What they say without quotation marks comes
 * from an event as it was stored, after scrubbing.
 */
export function answerOf(response: string, routingKey: string): string | undefined {
  if (kindOfText(response, undefined) !== 'error') return undefined;
  const value: unknown = JSON.parse(response.trim());
  if (!isJsonObject(value)) return undefined;
  const errors: readonly unknown[] = Array.isArray(value.errors) ? value.errors : [];
  const said = [value.message, errors.filter(isText).join('; ')].filter(isText).filter((text) => text !== '');
  if (said.length === 0) return undefined;
  const text = said.join(': ').replace(QUOTED, withoutQuote);
  return truncateText(MAXIMUM_CHARACTERS, maskSecrets(withoutRoutingKey(text, routingKey)));
}

function withoutQuote(quoted: string, mark: string, content: string): string {
  return MEMBER.test(content) && !isKeyLike(content) ? quoted : `${mark}…${mark}`;
}

/** A routing key or a dedup key could be the name of a member as well. */
function isKeyLike(text: string): boolean {
  return /\d/.test(text.replace(/\[\d+\]/g, '')) && text.length > 16;
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}
