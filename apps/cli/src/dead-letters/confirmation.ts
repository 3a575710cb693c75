import { CliError, type Terminal } from '../terminal';

interface ConfirmationOptions {
  readonly yes?: true;
}

/** Asks for confirmation on a terminal; without a terminal, or with --yes, returns true. */
export async function confirm(terminal: Terminal, question: string, { yes }: ConfirmationOptions): Promise<boolean> {
  if (yes || !terminal.interactive) return true;
  const answer = await terminal.ask(`${question} [y/N] `);
  if (/^y(es)?$/i.test(answer.trim())) return true;
  terminal.error('nothing was changed\n');
  return false;
}

/** For commands that cannot be undone. @throws CliError without a terminal and without --yes */
export function requireYes({ interactive }: Pick<Terminal, 'interactive'>, { yes }: ConfirmationOptions): void {
  if (!yes && !interactive) throw new CliError('this cannot be undone: without a terminal, --yes is required', 2);
}
