import { type Environment } from '@pdaltagent/service';
import { type CheckResult } from './check-result';

interface Named {
  readonly name: string;
  readonly aliases: readonly string[];
}

/**
 * Reduces `attention` to `note` if the variable is not set here: the containers of other services do not have it, and its
 * default says nothing about the services that do.
 */
export function downgradeUnconfigured(
  results: readonly CheckResult[],
  variable: Named,
  environment: Environment,
): CheckResult[] {
  if (isSet(variable, environment)) return [...results];
  return results.map((result) =>
    result.state === 'attention'
      ? {
          subject: result.subject,
          state: 'note',
          detail: `not configured here (${variable.name} is not set); the default: ${result.detail}`,
        }
      : result,
  );
}

/** Whether a variable, or the file of its value, is set here. */
export function isSet({ name, aliases }: Named, environment: Environment): boolean {
  return [name, ...aliases].some((each) => environment[each] || environment[`${each}_FILE`]);
}
