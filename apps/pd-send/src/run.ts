import { setTimeout as pauseFor } from 'node:timers/promises';
import { CommandError, type Command } from './command';
import { help, usage } from './help';
import { parse, UsageError } from './parse';
import { send } from './send';
import { readSettings, type Environment } from './settings';

/** What a command is given and where it writes; a test gives its own. */
export interface Terminal {
  readonly environment: Environment;
  /** All of the standard input. */
  input(): Promise<string>;
  out(text: string): void;
  error(text: string): void;
  /** Waits between two attempts; the default waits that long. */
  readonly pause?: (milliseconds: number) => Promise<void>;
}

/** Runs a command. @returns the exit code: 0 accepted, 1 not accepted, 2 wrong command line */
export async function run<Name extends string>(
  command: Command<Name>,
  words: readonly string[],
  terminal: Terminal,
): Promise<number> {
  const { name } = command;
  try {
    const given = parse(command, words);
    if (given.has('help')) {
      terminal.out(help(command));
      return 0;
    }
    if (given.has('version')) {
      terminal.out(`${name} ${process.env.PDALTAGENT_VERSION ?? 'development'}\n`);
      return 0;
    }
    const event = await command.compose(given, () => terminal.input());
    const settings = readSettings(terminal.environment);
    if (settings.skipVerification && settings.target.protocol === 'https:') {
      terminal.error(`${name}: warning: PDSEND_SKIP_CERT_VERIFY is on: anybody could read or change this event\n`);
    }
    const sent = await send(settings, name, JSON.stringify(event), terminal.pause ?? pauseFor);
    if (!sent.ok) {
      terminal.error(`${name}: ${sent.problem}\n`);
      return 1;
    }
    terminal.out(command.successOutput(event, given));
    return 0;
  } catch (error) {
    if (error instanceof UsageError) {
      terminal.error(`${usage(command)}${name}: error: ${error.message}\n`);
      return 2;
    }
    if (error instanceof CommandError) {
      terminal.error(`${name}: ${error.message}\n`);
      return 1;
    }
    throw error;
  }
}
