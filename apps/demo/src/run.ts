import { check } from './check';
import { demo } from './demo';
import { live } from './live';
import { type Command, HELP, parseOptions, UsageError } from './options';
import { prepareTests } from './prepare';

/** Runs the command line. Exit codes: 0 success, 1 failure, 2 invalid command line. */
export async function run(args: string[]): Promise<void> {
  try {
    process.exitCode = await execute(parseOptions(args, process.env));
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    console.error(`npm start: ${message}`);
    if (error instanceof UsageError) console.error(`\n${HELP}`);
    process.exitCode = error instanceof UsageError ? 2 : 1;
  }
}

async function execute(command: Command): Promise<number> {
  switch (command.kind) {
    case 'help':
      console.log(HELP);
      return 0;
    case 'prepare':
      await prepareTests(command.assumeYes);
      return 0;
    case 'demo':
      return demo(command.assumeYes);
    case 'check':
      return check(command.assumeYes, command.faults);
    case 'live':
      return live(process.env);
  }
}
