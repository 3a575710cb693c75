import { type JournalText } from '@pdaltagent/service';
import { type Fact, FACT_VERSION, type FactContent, type UnknownFact } from './fact';
import { isFact } from './fact-fields';

/**
 * A fact as a line of JSON, without the line feed, with as much text as the setting allows.
 * @param at milliseconds since 1970
 */
export function lineOf(content: FactContent, at: number, text: JournalText): string {
  const written = text === 'full' ? content : withLessText(content, text);
  return `{"at":${at},${JSON.stringify(written).slice(1)}`;
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
