import { setTimeout as pauseFor } from 'node:timers/promises';
import { compose } from './compose';
import { help, usage } from './help';
import { parse, UsageError } from './parse';
import { send } from './send';
import { readSettings, SettingsError, type Environment } from './settings';

/** What the command is given and where it writes; a test gives its own. */
export interface Terminal {
  readonly environment: Environment;
  out(text: string): void;
  error(text: string): void;
  /** Waits between two attempts; the default waits that long. */
  readonly pause?: (milliseconds: number) => Promise<void>;
}

/** Runs pd-send. @returns the exit code: 0 accepted, 1 not accepted, 2 wrong command line */
export async function run(words: readonly string[], terminal: Terminal): Promise<number> {
  try {
    const given = parse(words);
    if (given.has('help')) {
      terminal.out(help());
      return 0;
    }
    const event = compose(given);
    const settings = readSettings(terminal.environment);
    if (settings.skipVerification && settings.target.protocol === 'https:') {
      terminal.error('pd-send: warning: PDSEND_SKIP_CERT_VERIFY is on: anybody could read or change this event\n');
    }
    const sent = await send(settings, JSON.stringify(event), terminal.pause ?? pauseFor);
    if (!sent.ok) {
      terminal.error(`pd-send: ${sent.problem}\n`);
      return 1;
    }
    if (!given.has('quiet')) terminal.out(`Event processed. Incident Key: ${event.dedup_key}\n`);
    return 0;
  } catch (error) {
    if (error instanceof UsageError) {
      terminal.error(`${usage()}pd-send: error: ${error.message}\n`);
      return 2;
    }
    if (error instanceof SettingsError) {
      terminal.error(`pd-send: ${error.message}\n`);
      return 1;
    }
    throw error;
  }
}
