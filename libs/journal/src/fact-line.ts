import { type JournalText } from '@pdaltagent/service';
import { type Fact, FACT_VERSION, type FactContent, type UnknownFact } from './fact';
import { isFact } from './fact-fields';

type FactContentOf<Kind extends FactContent['kind']> = FactContent & { readonly kind: Kind };

/**
 * A fact as a line of JSON, without the line feed, with as much text as the setting allows.
 * @param at milliseconds since 1970
 */
export function lineOf(content: FactContent, at: number, text: JournalText): string {
  if (text === 'full' && content.kind === 'accepted') return acceptedLine(content, at);
  if (text === 'full' && content.kind === 'delivered') return deliveredLine(content, at);
  const written = text === 'full' ? content : withLessText(content, text);
  return `{"at":${at},${JSON.stringify(written).slice(1)}`;
}

const quoted = (value: string): string => JSON.stringify(value);
const optional = (name: string, value: string | undefined): string =>
  value === undefined ? '' : `,"${name}":${JSON.stringify(value)}`;

// Nearly all facts are of these two kinds: to write them so takes half the time of JSON.stringify.

function acceptedLine(fact: FactContentOf<'accepted'>, at: number): string {
  const { bytes, lane, token, severity, source, summary } = fact;
  const texts =
    optional('token', token) +
    optional('severity', severity) +
    optional('source', source) +
    optional('summary', summary);
  return `${messageFields(fact, at)},"bytes":${bytes}${lane === undefined ? '' : `,"lane":${lane}`}${texts}}`;
}

function deliveredLine(fact: FactContentOf<'delivered'>, at: number): string {
  const { attempt, status, ms } = fact;
  return `${messageFields(fact, at)},"attempt":${attempt},"status":${status},"ms":${ms}}`;
}

/** Without the closing brace. Kinds, groups and types are words of ours, which need no escapes. */
function messageFields(fact: FactContentOf<'accepted' | 'delivered'>, at: number): string {
  const { kind, group, id, type, action, key, digest, alert, accepted } = fact;
  const message = `{"at":${at},"kind":"${kind}","group":"${group}","id":${quoted(id)},"type":"${type}"${optional('action', action)}`;
  const names = `,"key":${quoted(key)}${optional('digest', digest)}${optional('alert', alert)}`;
  return `${message}${names},"accepted":${accepted}`;
}

/** Leaves out what the settings `keys` and `none` exclude. */
function withLessText(content: FactContent, text: 'keys' | 'none'): FactContent {
  const less: FactContent = { ...content };
  const without: Partial<Record<'severity' | 'source' | 'summary' | 'answer' | 'alert', undefined>> = {
    severity: undefined,
    source: undefined,
    summary: undefined,
    answer: undefined,
    ...(text === 'none' ? { alert: undefined } : {}),
  };
  // What is undefined is not in the JSON.
  return Object.assign(less, without);
}

/**
 * The fact of a line; an unknown one if it is of another version or kind, or has not the fields of its kind.
 * @returns undefined if the line is no JSON object with a time
 */
export function factOf(line: string, version: number): Fact | UnknownFact | undefined {
  const value = parsed(line);
  if (!isRecord(value)) return undefined;
  const { at } = value;
  if (typeof at !== 'number' || !Number.isFinite(at)) return undefined;
  if (version === FACT_VERSION && isFact(value)) return value;
  return { kind: 'unknown', at, content: value };
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line) as unknown;
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
