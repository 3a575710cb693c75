import { RE2JS } from 're2js';
import { walkJson } from './json-strings';

/** A custom pattern, compiled by an engine that takes linear time for any pattern. */
export interface Rule {
  /** Name in the placeholder: `{{NAME}}`. */
  readonly name: string;
  readonly pattern: RE2JS;
  /** One of these words must occur within 40 characters before, or in the object key. Empty: no restriction. */
  readonly context: readonly string[];
  /** Time for one character of the worst text, at most; microseconds. */
  readonly cost: number;
}

/** A rules file is invalid. The message names the line and the problem. */
export class RulesError extends Error {
  override readonly name = 'RulesError';

  constructor(
    readonly line: number,
    problem: string,
  ) {
    super(`line ${line}: ${problem}`);
  }
}

/**
 * The engine keeps a set of the pattern's instructions for each character: `.{1,1000}` has 1,000 of them. Measured: up to 0.22 µs for
 * each instruction, and less than 1 µs besides.
 */
const costOf = (pattern: RE2JS): number => 1 + pattern.programSize() / 4;

const NAME = /^[A-Z][A-Z\d_]{0,39}$/;
const MEMBERS = ['name', 'pattern', 'ignoreCase', 'context'];

/**
 * Parses rules: a JSON array of `{ "name": "BADGE", "pattern": "\\bB\\d{6}\\b", "ignoreCase"?: true, "context"?: ["badge"] }`.
 * Patterns use RE2's syntax (no look-around, no back-references). @throws RulesError with the line of the first invalid rule
 */
export function parseRules(json: string): readonly Rule[] {
  const entries: unknown = parse(json);
  if (!Array.isArray(entries)) throw new RulesError(1, 'expected a list of rules: [{ "name": …, "pattern": … }]');
  return entries.map((entry: unknown, index) => ruleOf(entry, lineOfEntry(json, index)));
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const position = Number(/position (\d+)/.exec(message)?.[1] ?? json.length);
    throw new RulesError(lineAt(json, position), `not JSON: ${message}`);
  }
}

function ruleOf(entry: unknown, line: number): Rule {
  if (typeof entry !== 'object' || entry === null || Array.isArray(entry))
    throw new RulesError(line, 'a rule must be an object');
  const members = new Map(Object.entries(entry));
  const unknown = [...members.keys()].find((member) => !MEMBERS.includes(member));
  if (unknown !== undefined) throw new RulesError(line, `unknown member "${unknown}"; expected ${MEMBERS.join(', ')}`);
  const name: unknown = members.get('name');
  if (typeof name !== 'string' || !NAME.test(name))
    throw new RulesError(line, '"name" must be in capitals, like EMPLOYEE_ID');
  const context: unknown = members.get('context') ?? [];
  if (!isWords(context)) throw new RulesError(line, `${name}: "context" must be a list of words`);
  const ignoreCase: unknown = members.get('ignoreCase') ?? false;
  if (typeof ignoreCase !== 'boolean') throw new RulesError(line, `${name}: "ignoreCase" must be true or false`);
  const pattern = compile(members.get('pattern'), ignoreCase, name, line);
  return { name, pattern, context: context.map((word) => word.toLowerCase()), cost: costOf(pattern) };
}

function compile(source: unknown, ignoreCase: boolean, name: string, line: number): RE2JS {
  if (typeof source !== 'string' || source === '') throw new RulesError(line, `${name}: "pattern" is required`);
  let pattern: RE2JS;
  try {
    pattern = RE2JS.compile(source, ignoreCase ? RE2JS.CASE_INSENSITIVE : 0);
  } catch (error) {
    throw new RulesError(line, `${name}: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (pattern.matches(''))
    throw new RulesError(line, `${name}: the pattern matches the empty text, so it would match everywhere`);
  return pattern;
}

const isWords = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((word) => typeof word === 'string' && word !== '');

/** The line of the first value in entry `index` of a JSON array. */
function lineOfEntry(json: string, index: number): number {
  let position: number | undefined;
  walkJson(json, ({ path, start }) => {
    if (path[0] === index) position ??= start;
  });
  return lineAt(json, position ?? 0);
}

const lineAt = (text: string, position: number): number => text.slice(0, position).split('\n').length;
