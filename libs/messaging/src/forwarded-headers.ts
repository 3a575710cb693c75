/** What a header's name is made of. Source: RFC 9110, 5.6.2 (token). */
const NAME = /^[\w!#$%&'*+.^`|~-]+$/;
/** What a header's value may not hold. Source: RFC 9110, 5.5; Node refuses to send it. */
const NOT_IN_A_VALUE = /[^\t\x20-\x7e\x80-\xff]/g;

/**
 * Headers that say where a message ends, where it goes or what its connection does. They belong to the request that is sent,
 * and its sender writes them: passed on from another request, they would let one body pass for two requests.
 * Source: RFC 9110, 7.6.1; RFC 9112, 6.
 */
const OF_ONE_REQUEST: ReadonlySet<string> = new Set([
  'accept-encoding',
  'connection',
  'content-length',
  'content-type',
  'expect',
  'host',
  'http2-settings',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

const NOTHING: Readonly<Record<string, string>> = Object.freeze({});

/** Of the headers that came with a message those that may be passed on. Everything else is left out: the body counts. */
export function forwardedHeadersOf(table: unknown): Readonly<Record<string, string>> {
  if (typeof table !== 'object' || table === null) return NOTHING;
  return Object.fromEntries(
    Object.entries(table)
      .filter((entry): entry is [string, string] => typeof entry[1] === 'string' && mayBeForwarded(entry[0]))
      .map(([name, value]) => [name, headerValueOf(value)]),
  );
}

/** The text without what no header's value may hold. */
export function headerValueOf(text: string): string {
  return text.replace(NOT_IN_A_VALUE, '').trim();
}

function mayBeForwarded(name: string): boolean {
  const lower = name.toLowerCase();
  return NAME.test(name) && !OF_ONE_REQUEST.has(lower) && !lower.startsWith('proxy-');
}
