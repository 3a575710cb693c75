import { readFileSync } from 'node:fs';
import { maskSecrets, secretsInSetting } from './mask';
import { type Variable } from './variable';

export type Variables = Readonly<Record<string, Variable<unknown>>>;
export type ConfigurationOf<V extends Variables> = {
  readonly [Name in keyof V]: V[Name] extends Variable<infer Value> ? Value : never;
};
export type Environment = Readonly<Record<string, string | undefined>>;

/** The exit code for an invalid configuration (EX_CONFIG of sysexits.h). */
export const EXIT_CONFIGURATION = 78;

/** All problems of the configuration at once: each with the variable, its value and what is wanted. */
export class ConfigurationError extends Error {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    const count = problems.length === 1 ? '1 problem' : `${problems.length} problems`;
    super(`invalid configuration (${count}):\n${problems.map((problem) => `  ${problem}`).join('\n')}`);
    this.name = 'ConfigurationError';
    this.problems = problems;
  }
}

/**
 * Reads every variable from the environment. Called once, at the start of a process.
 * A value can be read from a file: `X_FILE` instead of `X`.
 * @throws ConfigurationError with all problems at once
 */
export function readConfiguration<V extends Variables>(variables: V, environment: Environment): ConfigurationOf<V> {
  const problems: string[] = [];
  const values: Record<string, unknown> = {};
  for (const [key, variable] of Object.entries(variables)) {
    const found = textOf(variable, environment);
    if (found.kind === 'problem') {
      problems.push(found.problem);
      continue;
    }
    const result = variable.schema.safeParse(found.text);
    if (result.success) values[key] = result.data;
    else
      problems.push(`${found.name} is ${display(variable, found.text)}: must be ${expectation(result.error.issues)}`);
  }
  if (problems.length > 0) throw new ConfigurationError(problems);
  return values as ConfigurationOf<V>;
}

/** The secrets in the environment, so that the log can mask them: also those of lists and URLs, whose values are not texts. */
export function secretsOf(variables: Variables, environment: Environment): string[] {
  return Object.values(variables)
    .filter(({ secret }) => secret)
    .flatMap((variable) => {
      const found = textOf(variable, environment);
      return found.kind === 'text' && found.text !== undefined ? secretsInSetting(found.text) : [];
    });
}

/** The configuration for the log line at start: secrets only as "configured". */
export function summaryOf<V extends Variables>(
  variables: V,
  configuration: ConfigurationOf<V>,
): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(variables).flatMap(([key, variable]) => {
      const value: unknown = configuration[key];
      if (value === undefined) return [];
      return [[variable.name, variable.secret ? 'configured' : value]];
    }),
  );
}

type FoundValue =
  | { readonly kind: 'text'; readonly name: string; readonly text: string | undefined }
  | { readonly kind: 'problem'; readonly problem: string };

function textOf(variable: Variable<unknown>, environment: Environment): FoundValue {
  for (const name of variable.lookup) {
    const direct = environment[name];
    const file = environment[`${name}_FILE`];
    if (file && !variable.isFileRead)
      return {
        kind: 'problem',
        problem: `${name}_FILE is set, but ${name} cannot be read from a file: set ${name} itself`,
      };
    if (direct && file)
      return { kind: 'problem', problem: `${name} and ${name}_FILE are both set: set only one of them` };
    if (direct) return { kind: 'text', name, text: direct };
    if (file) return fromFile(name, file);
  }
  return { kind: 'text', name: variable.name, text: undefined };
}

function fromFile(name: string, file: string): FoundValue {
  try {
    const text = readFileSync(file, 'utf8').trim();
    return { kind: 'text', name, text: text === '' ? undefined : text };
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error);
    return { kind: 'problem', problem: `${name}_FILE is "${file}", which cannot be read: ${cause}` };
  }
}

function display(variable: Variable<unknown>, text: string | undefined): string {
  if (text === undefined) return 'not set';
  return variable.secret ? 'set to a secret that is not shown' : `"${maskSecrets(text)}"`;
}

interface Issue {
  readonly message: string;
  readonly errors?: readonly (readonly Issue[])[];
}

/** A union of "unset" and "text" has the issues of each branch; the last one is the text's. */
function expectation(issues: readonly Issue[]): string {
  const issue = issues[0];
  const inner = issue?.errors?.at(-1);
  return inner && inner.length > 0 ? expectation(inner) : (issue?.message ?? 'another value');
}
