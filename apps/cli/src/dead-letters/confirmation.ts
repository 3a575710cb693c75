import { Failure, type Terminal } from '../terminal';

interface Given {
  readonly yes?: true;
}

/** Asks on a terminal; elsewhere, and with --yes, the command line itself is the answer. */
export async function confirmed(terminal: Terminal, question: string, { yes }: Given): Promise<boolean> {
  if (yes || !terminal.interactive) return true;
  const answer = await terminal.ask(`${question} [y/N] `);
  if (/^y(es)?$/i.test(answer.trim())) return true;
  terminal.error('nothing was changed\n');
  return false;
}

/** Before a command that cannot be undone. @throws Failure if nobody can be asked and --yes is not given */
export function requireYes({ interactive }: Pick<Terminal, 'interactive'>, { yes }: Given): void {
  if (!yes && !interactive) throw new Failure('this is for good: without a terminal to ask on, --yes is needed', 2);
}
