import { type Option, optionLabel, type Positional, type Shared, type Syntax } from './option';

/** An invalid command line, with argparse's message; the command exits with 2. */
export class UsageError extends Error {}

/** The values of each option, in order; a switch that was given has one empty value. */
export type ParsedArguments<Name extends string = string> = ReadonlyMap<Name | Shared, readonly string[]>;

/** The last value of an option, which is the one that argparse uses. */
export function lastValue<Name extends string>(given: ParsedArguments<Name>, name: Name): string | undefined {
  return given.get(name)?.at(-1);
}

/**
 * Parses a command line as Python's argparse does, which PagerDuty Agent's commands use.
 * @param otherKey finds the key that is used if the command line has none
 * @throws UsageError
 */
export function parse<Name extends string>(
  syntax: Syntax<Name>,
  words: readonly string[],
  otherKey: () => string = () => '',
): ParsedArguments<Name> {
  const { options } = syntax;
  const places = [...(syntax.positionals ?? [])];
  const given = new Map<Name | Shared, string[]>();
  const unrecognized: string[] = [];
  const add = (to: Option<Name | Shared> | Positional<Name>, value: string): void => {
    checkChoice(to, value);
    given.set(to.name, [...(given.get(to.name) ?? []), value]);
  };
  const place = (word: string): void => {
    const next = places.shift();
    if (next === undefined) unrecognized.push(word);
    else add(next, word);
  };

  const rest = [...words];
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (word === '--') {
      rest.splice(0).forEach(place);
      continue;
    }
    let found = word.startsWith('-') ? optionOf(options, word) : undefined;
    if (found === undefined) place(word);
    while (found !== undefined) {
      const { option, attached } = found;
      found = undefined;
      if (option.value !== undefined) {
        const next = attached ?? (rest[0] !== undefined && isValue(options, rest[0]) ? rest.shift() : undefined);
        if (next === undefined) throw new UsageError(`argument ${optionLabel(option)}: expected one argument`);
        add(option, next);
      } else {
        add(option, '');
        // -qk KEY: switches can be combined with the next option.
        if (attached !== undefined) found = word.startsWith('--') ? undefined : optionOf(options, `-${attached}`);
        if (attached !== undefined && found === undefined) {
          throw new UsageError(`argument ${optionLabel(option)}: ignored explicit argument '${attached}'`);
        }
      }
    }
  }

  if (given.has('help') || given.has('version')) return given;
  const isMissing = ({ name }: Option<Name | Shared> | Positional<Name>): boolean =>
    // An empty key, from a variable that is not set, would be sent and refused.
    !given.has(name) || (name === 'key' && lastValue(given, name) === '');
  const missing = [...options.filter(({ required }) => required === true), ...(syntax.positionals ?? [])]
    .filter(isMissing)
    .filter(({ name }) => {
      const key = name === 'key' ? otherKey() : '';
      if (key !== '') given.set(name, [key]);
      return key === '';
    });
  if (missing.length > 0) {
    throw new UsageError(`the following arguments are required: ${missing.map(optionLabel).join(', ')}`);
  }
  if (unrecognized.length > 0) throw new UsageError(`unrecognized arguments: ${unrecognized.join(' ')}`);
  return given;
}

interface FoundOption<Name extends string> {
  readonly option: Option<Name>;
  /** The value, if it is part of the same word. */
  readonly attached?: string;
}

function optionOf<Name extends string>(options: readonly Option<Name>[], word: string): FoundOption<Name> | undefined {
  const at = word.indexOf('=');
  const [head, tail] = at < 0 ? [word, undefined] : [word.slice(0, at), word.slice(at + 1)];
  const attached = tail === undefined ? {} : { attached: tail };
  const exact = options.find(({ short, long }) => head === short || long.some((name) => name === head));
  if (exact !== undefined) return { option: exact, ...attached };
  if (!word.startsWith('--')) {
    const option = options.find(({ short }) => word.startsWith(short));
    return option === undefined ? undefined : { option, attached: word.slice(2) };
  }
  const names = options.flatMap((option) =>
    option.long.filter((name) => name.startsWith(head)).map((name) => ({ name, option })),
  );
  if (new Set(names.map(({ option }) => option)).size > 1) {
    throw new UsageError(`ambiguous option: ${head} could match ${names.map(({ name }) => name).join(', ')}`);
  }
  const [only] = names;
  return only === undefined ? undefined : { option: only.option, ...attached };
}

/** More lenient than argparse: a word that starts with a dash but is not one of the options is a value. */
function isValue(options: readonly Option[], word: string): boolean {
  return word !== '--' && !(word.startsWith('-') && optionOf(options, word) !== undefined);
}

function checkChoice(to: Option | Positional, value: string): void {
  if (to.choices === undefined || to.choices.includes(value)) return;
  const choices = to.choices.map((choice) => `'${choice}'`).join(', ');
  throw new UsageError(`argument ${optionLabel(to)}: invalid choice: '${value}' (choose from ${choices})`);
}
