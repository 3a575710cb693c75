import { setTimeout as pauseFor } from 'node:timers/promises';
import { CommandError, type Command } from './command';
import { help, usage } from './help';
import { parse, UsageError } from './parse';
import { send } from './send';
import { readKey, readSettings, type Environment } from './settings';

/** The environment, input and output of a command; tests pass a fake. */
export interface Terminal {
  readonly environment: Environment;
  /** Reads standard input to its end. */
  input(): Promise<string>;
  out(text: string): void;
  error(text: string): void;
  /** Replaces the delay between attempts in tests. */
  readonly pause?: (milliseconds: number) => Promise<void>;
}

/** Runs a command. @returns the exit code: 0 accepted, 1 not accepted, 2 invalid command line */
export async function run<Name extends string>(
  command: Command<Name>,
  words: readonly string[],
  terminal: Terminal,
): Promise<number> {
  const { name } = command;
  try {
    const given = parse(command, words, () => readKey(terminal.environment));
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
      terminal.error(
        `${name}: warning: PDSEND_SKIP_CERT_VERIFY is on: the connection is not protected against interception\n`,
      );
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
