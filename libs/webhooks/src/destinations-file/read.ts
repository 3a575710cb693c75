import { type z } from 'zod';
import { addressOf, type Destination, type DestinationTls, type SendingDestination } from '../destination';
import { type DestinationFilter } from '../destination-filter';
import { listOf, objectOf } from '../json';
import { standardKeyOf } from '../standard-webhooks';
import { readDocument, type SourceDocument } from './document';
import { type Path, type Problem, textOfPath } from './problem';
import { Resolver, type ValueSources } from './resolver';
import { type Definition, destinationSchema, destinationsSchema, type Value } from './schema';

export type ReadDestinations<D> =
  | { readonly kind: 'destinations'; readonly destinations: readonly D[] }
  | { readonly kind: 'problems'; readonly problems: readonly Problem[] };

/** The destinations of a file (YAML or JSON) as the poller needs them; secrets, headers and TLS are not resolved. */
export function readDestinations(text: string, sources: ValueSources): ReadDestinations<Destination> {
  return read(text, sources, destinationOf);
}

/** The destinations of a file with everything that the sender needs. */
export function readSendingDestinations(text: string, sources: ValueSources): ReadDestinations<SendingDestination> {
  return read(text, sources, sendingDestinationOf);
}

type Build<D> = (definition: Definition, path: Path, resolver: Resolver) => D;

function read<D>(text: string, sources: ValueSources, build: Build<D>): ReadDestinations<D> {
  const document = readDocument(text);
  if (!('content' in document)) return { kind: 'problems', problems: document };
  const form = destinationsSchema.safeParse(document.content).error?.issues ?? [];
  const resolver = new Resolver(document, sources);
  const places = new Map<string, number>();
  const destinations = validDefinitions(document.content).map(({ definition, index }) => {
    const path = ['destinations', index];
    const first = places.get(definition.name);
    if (first === undefined) places.set(definition.name, index);
    else resolver.problem([...path, 'name'], `is already the name of destinations[${first}]`);
    return build(definition, path, resolver);
  });
  const found = [...form.flatMap((issue) => problemsOf(issue, document)), ...resolver.problems];
  return found.length > 0 ? problems(found) : { kind: 'destinations', destinations };
}

/** The destinations that match the schema: their values are resolved even if others do not match. */
function validDefinitions(content: unknown): { readonly definition: Definition; readonly index: number }[] {
  return listOf(objectOf(content)?.destinations).flatMap((value, index) => {
    const { data: definition } = destinationSchema.safeParse(value);
    return definition === undefined ? [] : [{ definition, index }];
  });
}

/** In the order of the file. */
function problems(found: readonly Problem[]): ReadDestinations<never> {
  return { kind: 'problems', problems: [...found].sort((a, b) => a.line - b.line) };
}

function problemsOf(issue: z.core.$ZodIssue, document: SourceDocument): Problem[] {
  const path = issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part));
  const at = (place: Path, message: string) => ({ line: document.lineOf(place), path: textOfPath(place), message });
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => at([...path, key], 'is not a known setting'));
  }
  // For a key of a record the message is one level further down.
  const message = issue.code === 'invalid_key' ? (issue.issues[0]?.message ?? issue.message) : issue.message;
  return [at(path, message.startsWith('is ') ? message : `must be ${message}`)];
}

function destinationOf({ name, url, format, filters = {} }: Definition, path: Path, resolver: Resolver): Destination {
  const urlPath = [...path, 'url'];
  const text = resolver.value(urlPath, url);
  const address = addressOf(text);
  if (text !== '' && address === undefined)
    resolver.problem(urlPath, 'must be a URL that begins with http:// or https://');
  return { ...(address ?? NO_ADDRESS), name, format, filter: filterOf(filters) };
}

/** Placeholder for an invalid address; never returned to callers, because there is a problem then. */
const NO_ADDRESS = { url: '', endpointUrl: '', authorization: null };

function sendingDestinationOf(definition: Definition, path: Path, resolver: Resolver): SendingDestination {
  const destination = destinationOf(definition, path, resolver);
  const values = (name: 'secrets' | 'standardSecrets'): string[] =>
    (definition[name] ?? []).map((value: Value, index) => resolver.value([...path, name, index], value));
  return {
    ...destination,
    secrets: values('secrets'),
    standardKeys: values('standardSecrets').flatMap((secret, index) => {
      const key = standardKeyOf(secret);
      if (key === undefined && secret !== '')
        resolver.problem([...path, 'standardSecrets', index], 'must be whsec_ followed by 24 to 64 bytes in base64');
      return key ?? [];
    }),
    headers: headersOf(definition, destination.authorization !== null, path, resolver),
    timeoutMs: definition.timeoutSeconds === undefined ? undefined : definition.timeoutSeconds * 1000,
    tls: tlsOf(definition, destination.url, path, resolver),
    allowsMetadataAddresses: definition.allowMetadataAddresses,
  };
}

function headersOf(
  { headers = {} }: Definition,
  hasCredentials: boolean,
  path: Path,
  resolver: Resolver,
): Record<string, string> {
  const found = Object.entries(headers).map(([name, value]): [string, string] => {
    const place = [...path, 'headers', name];
    const text = resolver.value(place, value);
    if (!/^[\t\x20-\x7e\x80-\xff]*$/.test(text)) resolver.problem(place, 'must be one line of Latin characters');
    if (hasCredentials && name.toLowerCase() === 'authorization')
      resolver.problem(place, 'is given twice: the URL has a user and a password');
    return [name, text];
  });
  return Object.fromEntries(found);
}

function tlsOf({ tls = {} }: Definition, url: string, path: Path, resolver: Resolver): DestinationTls {
  const place = [...path, 'tls'];
  if (url.startsWith('http:') && Object.keys(tls).length > 0) resolver.problem(place, 'needs a URL with https://');
  const ca = resolver.certificates([...place, 'ca'], tls.ca);
  return { ...(ca === undefined ? {} : { ca }), ...resolver.pair(place, tls.certificate, tls.key) };
}

function filterOf(filters: NonNullable<Definition['filters']>): DestinationFilter {
  return Object.fromEntries(Object.entries(filters).filter(([, list]) => list !== undefined));
}
