/** Characters of a summary (v1: description); PagerDuty, Events API v2. */
export const MAXIMUM_SUMMARY_CHARACTERS = 1024;
/** Characters of a dedup key (v1: incident key); PagerDuty, Events API v2. */
export const MAXIMUM_DEDUP_KEY_CHARACTERS = 255;
/** Characters of a routing key: a service's integration key, or one of an orchestration, which starts with R. */
export const ROUTING_KEY_CHARACTERS = 32;
/** PagerDuty documents "512 KB". Events that can be truncated are truncated to the smaller reading, as Alertmanager does. */
export const MAXIMUM_EVENT_BYTES = 512_000;
/** If nothing can be truncated, only bodies over the larger reading of "512 KB" are rejected. */
export const MAXIMUM_BODY_BYTES = 512 * 1024;
/** Maximum nesting; JSON.stringify and any recursion fail at a few thousand levels. */
export const MAXIMUM_DEPTH = 100;

/** Length in characters as PagerDuty's clients count them: Unicode code points, not UTF-16 units. */
export function characterCount(text: string): number {
  let surrogatePairs = 0;
  for (let at = 0; at < text.length - 1; at += 1) {
    if ((text.charCodeAt(at) & 0xfc00) === 0xd800 && (text.charCodeAt(at + 1) & 0xfc00) === 0xdc00) {
      surrogatePairs += 1;
      at += 1;
    }
  }
  return text.length - surrogatePairs;
}

/** The text, or its beginning and an ellipsis, at most `maximum` characters; never splits a surrogate pair. */
export function truncateText(maximum: number, text: string): string {
  if (text.length <= maximum || characterCount(text) <= maximum) return text;
  return `${[...text.slice(0, 2 * maximum)].slice(0, maximum - 1).join('')}…`;
}
