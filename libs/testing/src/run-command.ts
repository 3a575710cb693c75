import { execFile } from 'node:child_process';

/** A command that ended with another code than 0. */
export class CommandError extends Error {
  constructor(
    command: string,
    readonly output: string,
  ) {
    super(`${command} failed: ${output.trim().split('\n').slice(-5).join(' | ')}`);
  }
}

/**
 * Runs a command to its end and resolves with what it wrote to stdout.
 * @throws CommandError with the output of both streams when it fails or cannot be started.
 */
export function runCommand(
  command: string,
  args: string[],
  { env = process.env, timeoutMs = 60_000 }: { env?: NodeJS.ProcessEnv; timeoutMs?: number } = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(
      command,
      args,
      { env, timeout: timeoutMs, encoding: 'utf8', maxBuffer: 64 << 20 },
      (error, stdout, stderr) => {
        if (error === null) resolve(stdout);
        else reject(new CommandError(`${command} ${args[0] ?? ''}`.trim(), `${stdout}${stderr}` || error.message));
      },
    );
  });
}
