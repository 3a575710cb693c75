/**
 * Resolves when somebody wants us to end: Ctrl-C, SIGTERM, a closed terminal.
 * From the first call on signals do not end the process by themselves.
 */
export function waitForShutdown(): Promise<string> {
  // The terminal may be gone before we are.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => resolve(signal));
  });
}
