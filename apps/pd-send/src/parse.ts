import { OPTIONS, type Option, type OptionName } from './options';

/** What is wrong with a command line, in argparse's words; ends the command with exit code 2. */
export class UsageError extends Error {}

/** Every value that was given per option, in order; a switch that was given has one empty value. */
export type Given = ReadonlyMap<OptionName, readonly string[]>;

/** Reads a command line the way Python's argparse does, as PagerDuty Agent's pd-send is written with it. @throws UsageError */
export function parse(words: readonly string[]): Given {
  const given = new Map<OptionName, string[]>();
  const unrecognized: string[] = [];
  const add = (option: (typeof OPTIONS)[number], value: string): void => {
    checkChoice(option, value);
    given.set(option.name, [...(given.get(option.name) ?? []), value]);
  };

  const rest = [...words];
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (word === '--') {
      unrecognized.push(...rest.splice(0));
      continue;
    }
    let found = word.startsWith('-') ? optionOf(word) : undefined;
    if (found === undefined) unrecognized.push(word);
    while (found !== undefined) {
      const { option, attached } = found;
      found = undefined;
      if ('value' in option) {
        const next = attached ?? (rest[0] !== undefined && isValue(rest[0]) ? rest.shift() : undefined);
        if (next === undefined) throw new UsageError(`argument ${label(option)}: expected one argument`);
        add(option, next);
      } else {
        add(option, '');
        // -qk KEY: switches may be written together with what follows them.
        if (attached !== undefined) found = word.startsWith('--') ? undefined : optionOf(`-${attached}`);
        if (attached !== undefined && found === undefined) {
          throw new UsageError(`argument ${label(option)}: ignored explicit argument '${attached}'`);
        }
      }
    }
  }

  if (given.has('help')) return given;
  const missing = OPTIONS.filter((option) => 'required' in option && !given.has(option.name));
  if (missing.length > 0) {
    throw new UsageError(`the following arguments are required: ${missing.map(label).join(', ')}`);
  }
  if (unrecognized.length > 0) throw new UsageError(`unrecognized arguments: ${unrecognized.join(' ')}`);
  return given;
}

interface Found {
  readonly option: (typeof OPTIONS)[number];
  /** The value that is part of the same word. */
  readonly attached?: string;
}

function optionOf(word: string): Found | undefined {
  const at = word.indexOf('=');
  const [head, tail] = at < 0 ? [word, undefined] : [word.slice(0, at), word.slice(at + 1)];
  const attached = tail === undefined ? {} : { attached: tail };
  const exact = OPTIONS.find(({ short, long }) => head === short || long.some((name) => name === head));
  if (exact !== undefined) return { option: exact, ...attached };
  if (!word.startsWith('--')) {
    const option = OPTIONS.find(({ short }) => word.startsWith(short));
    return option === undefined ? undefined : { option, attached: word.slice(2) };
  }
  const names = OPTIONS.flatMap((option) =>
    option.long.filter((name) => name.startsWith(head)).map((name) => ({ name, option })),
  );
  if (new Set(names.map(({ option }) => option)).size > 1) {
    throw new UsageError(`ambiguous option: ${head} could match ${names.map(({ name }) => name).join(', ')}`);
  }
  const [only] = names;
  return only === undefined ? undefined : { option: only.option, ...attached };
}

/** More lenient than argparse: a word that starts with a dash but can be no option of ours is a value. */
function isValue(word: string): boolean {
  return word !== '--' && !(word.startsWith('-') && optionOf(word) !== undefined);
}

function checkChoice(option: Option, value: string): void {
  if (option.choices === undefined || option.choices.includes(value)) return;
  const choices = option.choices.map((choice) => `'${choice}'`).join(', ');
  throw new UsageError(`argument ${label(option)}: invalid choice: '${value}' (choose from ${choices})`);
}

/** How a message names an option: by its first names, as PagerDuty Agent does. */
export function label({ short, long }: Option): string {
  return `${short}/${long[0]}`;
}
