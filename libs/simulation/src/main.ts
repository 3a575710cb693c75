import { runCommand } from './command';

void runCommand(process.argv.slice(2), {
  write: (text) => process.stdout.write(text),
  progress: (text) => process.stderr.write(text),
}).then((code) => (process.exitCode = code));
