import { execFile } from 'node:child_process';

/** A command that failed. */
export class CommandError extends Error {
  constructor(
    command: string,
    readonly output: string,
  ) {
    super(`${command} failed: ${output.trim().split('\n').slice(-5).join(' | ')}`);
  }
}

/**
 * Runs a command to its end and resolves with its standard output.
 * @throws CommandError with the output of both streams if it fails or cannot be started
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
