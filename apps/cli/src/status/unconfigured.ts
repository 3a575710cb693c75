import { type Environment } from '@pdaltagent/service';
import { type Finding } from './check-result';

interface Named {
  readonly name: string;
  readonly aliases: readonly string[];
}

/**
 * The findings of a look at the variable's address, told less loudly where nobody set it here: the containers of other
 * services do not have it, and its default says nothing about the services that do.
 */
export function unconfigured(findings: readonly Finding[], variable: Named, environment: Environment): Finding[] {
  const names = [variable.name, ...variable.aliases];
  if (names.some((name) => environment[name] || environment[`${name}_FILE`])) return [...findings];
  return findings.map((finding) =>
    finding.state === 'attention'
      ? {
          subject: finding.subject,
          state: 'note',
          detail: `not configured here (${variable.name} is not set); the default: ${finding.detail}`,
        }
      : finding,
  );
}
