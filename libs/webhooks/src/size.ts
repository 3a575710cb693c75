import { type JsonObject, listOf, objectOf } from './json';

/**
 * Up to this size PagerDuty guarantees the complete webhook; above, it omits parts. Developer docs, webhooks,
 * "Payload size".
 */
export const MAX_FULL_BODY_BYTES = 55 * 1024;

/** Replaces omitted parts. PagerDuty does not document its wording. */
const OMITTED = 'Omitted: with it the webhook would be larger than 55 KB';

/**
 * A v2 body without the parts that PagerDuty omits from large ones: of each log entry, `channel.details`,
 * `channel.body` and `channel.cef_details.details`. Each is replaced with a message, and `<name>_omitted` is set to
 * true. Developer docs, webhooks, "Size Limit".
 */
export function withoutLargeParts(body: JsonObject): JsonObject {
  return { ...body, messages: listOf(body.messages).map(trimmedMessage) };
}

function trimmedMessage(message: unknown): unknown {
  const fields = objectOf(message);
  return fields && { ...fields, log_entries: listOf(fields.log_entries).map(trimmedEntry) };
}

function trimmedEntry(entry: unknown): unknown {
  const fields = objectOf(entry);
  const channel = objectOf(fields?.channel);
  if (fields === null || channel === null) return entry;
  const event = objectOf(channel.cef_details);
  const lean = replaceWithNotice(replaceWithNotice(channel, 'details'), 'body');
  return { ...fields, channel: event === null ? lean : { ...lean, cef_details: replaceWithNotice(event, 'details') } };
}

function replaceWithNotice(object: JsonObject, name: string): JsonObject {
  if (object[name] === undefined || object[name] === null) return object;
  return { ...object, [name]: OMITTED, [`${name}_omitted`]: true };
}
