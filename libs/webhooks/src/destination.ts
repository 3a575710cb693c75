import { createHash } from 'node:crypto';

export type WebhookFormat = 'v2' | 'v3';

/** A receiver of webhooks. Its name travels through the broker, its URL never does. */
export interface Destination {
  /** The host and a short hash of the URL without its password: no secret, and the same in every process. */
  readonly name: string;
  /** Where to post, without user and password. */
  readonly url: string;
  /** What bodies call it: scheme, host and path only, for a query may hold a token. */
  readonly endpointUrl: string;
  /** `Authorization` of a URL with user and password (PagerDuty sends Basic), null without. */
  readonly authorization: string | null;
}

/**
 * The destinations of a list of http and https URLs, separated by commas. The same list gives the same names in every
 * process, and a changed password leaves the name alone. Undefined where a URL is none or stands twice.
 */
export function parseDestinations(text: string): readonly Destination[] | undefined {
  const parts = text.split(',').map((part) => part.trim());
  const destinations = parts.filter((part) => part !== '').map(destinationOf);
  const names = new Set(destinations.map((destination) => destination?.name));
  if (names.size !== destinations.length || names.has(undefined)) return undefined;
  return destinations.flatMap((destination) => destination ?? []);
}

function destinationOf(text: string): Destination | undefined {
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return undefined;
  const credentials = `${decoded(url.username)}:${decoded(url.password)}`;
  url.password = '';
  const hash = createHash('sha256').update(url.href).digest('hex').slice(0, 8);
  url.username = '';
  return {
    name: `${url.host}-${hash}`,
    url: url.href,
    endpointUrl: `${url.origin}${url.pathname}`,
    authorization: credentials === ':' ? null : `Basic ${Buffer.from(credentials).toString('base64')}`,
  };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // A bare percent sign: meant literally.
  }
}
