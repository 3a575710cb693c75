import { createHash } from 'node:crypto';
import { type DestinationFilter, NO_FILTER } from './destination-filter';

export type WebhookFormat = 'v2' | 'v3';

/** Where a webhook is posted. */
export interface Address {
  /** Without user and password. */
  readonly url: string;
  /** The URL shown in bodies: scheme, host and path only, because a query may contain a token. */
  readonly endpointUrl: string;
  /** `Authorization` for a URL with user and password (PagerDuty sends Basic); null without. */
  readonly authorization: string | null;
}

/** A receiver of webhooks, as the poller knows it. Its name is sent through the broker, its URL never is. */
export interface Destination extends Address {
  /** Chosen by the operator; for a bare URL, its host and a short hash: no secret, and the same in every process. */
  readonly name: string;
  readonly format: WebhookFormat;
  readonly filter: DestinationFilter;
}

/** A receiver as the sender knows it: with everything needed to reach it and to sign. */
export interface SendingDestination extends Destination {
  /** Secrets for PagerDuty's signature; if empty, unsigned. */
  readonly secrets: readonly string[];
  /** Keys for an additional Standard Webhooks signature; if empty, none. */
  readonly standardKeys: readonly Uint8Array[];
  readonly headers: Readonly<Record<string, string>>;
  /** Undefined: the sender's default. */
  readonly timeoutMs: number | undefined;
  /** In PEM. */
  readonly tls: DestinationTls;
  /** Whether metadata services and link-local addresses are allowed. */
  readonly allowsMetadataAddresses: boolean;
}

export interface DestinationTls {
  /** Additional certificate authorities to trust. */
  readonly ca?: string;
  readonly certificate?: string;
  readonly key?: string;
}

/**
 * The destinations of a comma-separated list of http and https URLs: without filters, in format v2. The same list
 * gives the same names in every process, and a changed password does not change the name. Undefined if a URL is
 * invalid or listed twice.
 */
export function parseDestinations(text: string): readonly Destination[] | undefined {
  const parts = text.split(',').map((part) => part.trim());
  const destinations = parts.filter((part) => part !== '').map(destinationOf);
  const names = new Set(destinations.map((destination) => destination?.name));
  if (names.size !== destinations.length || names.has(undefined)) return undefined;
  return destinations.flatMap((destination) => destination ?? []);
}

/** Undefined if the text is not an http or https URL. */
export function addressOf(text: string): Address | undefined {
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return undefined;
  const credentials = `${decode(url.username)}:${decode(url.password)}`;
  url.username = '';
  url.password = '';
  url.hash = '';
  return {
    url: url.href,
    endpointUrl: `${url.origin}${url.pathname}`,
    authorization: credentials === ':' ? null : `Basic ${Buffer.from(credentials).toString('base64')}`,
  };
}

function destinationOf(text: string): Destination | undefined {
  const address = addressOf(text);
  if (address === undefined) return undefined;
  const url = new URL(text);
  url.password = '';
  const hash = createHash('sha256').update(url.href).digest('hex').slice(0, 8);
  return { ...address, name: `${url.host}-${hash}`, format: 'v2', filter: NO_FILTER };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // A bare percent sign is meant literally.
  }
}
