/**
 * Resolves with the name of the signal on SIGINT, SIGTERM or SIGHUP. From the first call on, these signals no longer end
 * the process.
 */
export function waitForShutdown(): Promise<string> {
  // Ignores write errors after the terminal was closed.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => resolve(signal));
  });
}
