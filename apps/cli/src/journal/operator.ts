import { type ConfigurationOf, text } from '@pdaltagent/service';
import { hostname, userInfo } from 'node:os';

export const operatorVariables = {
  operator: text(
    'PDAGENTD_OPERATOR',
    undefined,
    'who the journal names for what a command does; default: SUDO_USER or the user of the operating system',
  ),
};

const MAXIMUM_LENGTH = 100;
/** A name comes from the environment: it must not change how a list of facts looks on a terminal. */
const CONTROL_CHARACTERS = /[\p{Cc}\p{Cf}\u2028\u2029]/gu;

/** Who runs this command, and where: `ann@bastion`. A name that has an `@` stays as it is. At most 100 characters. */
export function operatorOf(
  { operator }: ConfigurationOf<typeof operatorVariables>,
  environment: Readonly<Record<string, string | undefined>>,
): string {
  const sudoUser = environment['SUDO_USER'] ?? '';
  const name = operator ?? (sudoUser === '' ? systemUser() : sudoUser);
  const named = name.includes('@') ? name : `${name}@${hostname()}`;
  return named.replace(CONTROL_CHARACTERS, '').slice(0, MAXIMUM_LENGTH);
}

/** In a container a user may have a number only. */
function systemUser(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid ${process.getuid?.() ?? 'unknown'}`;
  }
}
