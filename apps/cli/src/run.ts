import { BrokerUnavailable } from '@pdaltagent/operations';
import { ConfigurationError, EXIT_CONFIGURATION, maskSecrets } from '@pdaltagent/service';
import { Command, CommanderError } from 'commander';
import { auditCommand } from './audit/command';
import { completionCommand } from './completion';
import { deadLettersCommand } from './dead-letters/command';
import { eventsCommand } from './events/command';
import { quarantineCommand } from './quarantine/command';
import { scrubCommand } from './scrub/command';
import { setupCommand } from './setup/command';
import { statusCommand } from './status/command';
import { CliError, type Terminal } from './terminal';
import { traceCommand } from './trace/command';
import { webhooksCommand } from './webhooks/command';

/** Runs `pdaltagent`. @returns the exit code: 0 success, 1 failure, 2 invalid command line, 78 invalid configuration */
export async function run(words: readonly string[], terminal: Terminal): Promise<number> {
  let code = 0;
  const runCommand = async (work: Promise<number>): Promise<void> => {
    code = await work;
  };
  const program = new Command('pdaltagent')
    .description('inspects and repairs PDaltagent: its state, waiting events, and what could not be delivered')
    .version(process.env.PDALTAGENT_VERSION ?? 'development')
    .addHelpText('after', HELP);
  const commands = [
    statusCommand(terminal, runCommand),
    deadLettersCommand(terminal, runCommand),
    quarantineCommand(terminal, runCommand),
    eventsCommand(terminal, runCommand),
    traceCommand(terminal, runCommand),
    auditCommand(terminal, runCommand),
    scrubCommand(terminal, runCommand),
    webhooksCommand(terminal, runCommand),
    setupCommand(terminal, runCommand),
    completionCommand(terminal, runCommand),
  ];
  for (const command of commands) program.addCommand(command);
  for (const command of [program, ...commands, ...commands.flatMap(({ commands: subcommand }) => subcommand)]) {
    command
      .exitOverride()
      .configureOutput({ writeOut: terminal.out, writeErr: terminal.error })
      .configureHelp({ helpWidth: 100 })
      .showSuggestionAfterError();
  }
  program.hook('preAction', (_, command) => refuseEmptyValues(command));
  try {
    await program.parseAsync(withoutHelpForUnknownCommand(program, words), { from: 'user' });
    return code;
  } catch (error) {
    return reportError(error, terminal);
  }
}

/**
 * Removes `help` and `--help` after an unknown command, so that it is reported as unknown: commander would print the help of
 * the parent command and exit with 0.
 */
function withoutHelpForUnknownCommand(program: Command, words: readonly string[]): readonly string[] {
  let command = program;
  for (const word of words) {
    if (command.commands.length === 0 || word.startsWith('-')) break;
    const next = command.commands.find(
      (subcommand) => subcommand.name() === word || subcommand.aliases().includes(word),
    );
    if (next === undefined && word !== 'help')
      return words.filter((other) => other !== 'help' && other !== '--help' && other !== '-h');
    command = next ?? command;
  }
  return words;
}

/**
 * An empty value, which is usually a shell variable that is not set, would select everything or nothing.
 * @throws CommanderError
 */
function refuseEmptyValues(command: Command): void {
  command.registeredArguments.forEach((argument, index) => {
    const words = command.args.slice(index, argument.variadic ? undefined : index + 1);
    if (words.includes(''))
      command.error(
        `error: command-argument value '' is invalid for argument '${argument.name()}'. Expected ${argument.description}.`,
      );
  });
  for (const option of command.options) {
    const value: unknown = command.getOptionValue(option.attributeName());
    if (value === '' || (Array.isArray(value) && value.includes('')))
      command.error(`error: option '${option.flags}' argument '' is invalid. It must not be empty.`);
  }
}

/** Prints an error in one line. @returns the exit code */
export function reportError(error: unknown, terminal: Pick<Terminal, 'error'>, name = 'pdaltagent'): number {
  // Commander has printed it already; its own exit code for a missing command is 1.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  const printError = (message: string) => terminal.error(`${name}: ${maskSecrets(message)}\n`);
  if (error instanceof ConfigurationError) {
    printError(error.message);
    return EXIT_CONFIGURATION;
  }
  if (error instanceof CliError) {
    printError(error.message);
    return error.exitCode;
  }
  if (!(error instanceof Error)) throw error;
  printError(error instanceof BrokerUnavailable ? `${error.message} (check PDAGENTD_AMQP_URL)` : error.message);
  return 1;
}

const HELP = `
examples:
  pdaltagent status
  pdaltagent events --state undelivered
  pdaltagent trace db1/disk
  pdaltagent audit --since 1d
  pdaltagent dead-letters list
  source <(pdaltagent completion bash)

environment:
  PDAGENTD_AMQP_URL         RabbitMQ (default: amqp://guest:guest@localhost:5672); also CELERY_BROKER_URL
  PDAGENTD_REDIS_URL        Redis, for status, trace, dead-letters and webhooks (default: redis://localhost:6379)
  PDAGENTD_CA_FILE          additional authorities to trust (PEM), as for the services
  PDAGENTD_JOURNAL_MAX_AGE_SECONDS
                            as for the services; used by events, trace, audit and dead-letters erase
  PDAGENTD_DIGEST_SECRET    as for the services; used by trace and dead-letters
  PDAGENTD_JOURNAL, PDAGENTD_JOURNAL_TEXT
                            as for the services; what commands do is written into the journal
  PDAGENTD_OPERATOR         who does it (default: SUDO_USER, or the user of the operating system)
  PDAGENTD_METRICS_TOKEN    as for the services; used by status --worker
  PDAGENTD_EVENTS_BASE_URL, PDAGENTD_API_BASE_URL, PDAGENTD_API_TOKEN, HTTP_PROXY, HTTPS_PROXY, NO_PROXY
                            as for the services; used by status
  PDAGENTD_WEBHOOKS_FILE, PDAGENTD_WEBHOOK_DEST_URL and the other variables of log-poller and webhook-sender
                            used by webhooks
  PDAGENTD_STATE_DIR, PDAGENTD_SPOOL_DIR
                            as for the gateway; used by quarantine and dead-letters erase
  PDAGENTD_STATE_DIR, PDAGENTD_HISTORY_MAX_AGE_SECONDS, PDAGENTD_HISTORY_MAX_BYTES
                            where the index of the journal is, and its limits; used by events, trace and audit --index
  PDAGENTD_GATEWAY_AMQP_URL and others
                            used by setup, whose help lists them
  A value can be read from a file: set X_FILE instead of X.
  NO_COLOR                  if set, status has no colours on a terminal

exit codes: 0 success, 1 failure or something needs attention, 2 invalid command line, 78 invalid configuration
`;
