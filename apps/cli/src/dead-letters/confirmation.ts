import { type Terminal } from '../terminal';

/** Asks on a terminal; elsewhere, and with --yes, the command line itself is the answer. */
export async function confirmed(terminal: Terminal, question: string, { yes }: { yes?: true }): Promise<boolean> {
  if (yes || !terminal.interactive) return true;
  const answer = await terminal.ask(`${question} [y/N] `);
  if (/^y(es)?$/i.test(answer.trim())) return true;
  terminal.error('nothing was changed\n');
  return false;
}
