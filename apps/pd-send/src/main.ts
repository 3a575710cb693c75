import { text } from 'node:stream/consumers';
import { type Command } from './command';
import { run } from './run';

/** Runs a command as this process. */
export function main<Name extends string>(command: Command<Name>): void {
  void run(command, process.argv.slice(2), {
    environment: process.env,
    input: () => text(process.stdin),
    out: (written) => process.stdout.write(written),
    error: (written) => process.stderr.write(written),
  }).then((code) => {
    process.exitCode = code;
  });
}
