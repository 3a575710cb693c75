import { type AppProcess, formatLogLine, isPortFree, startApp, workspaceRoot } from '@pdaltagent/testing';
import { Cleanups } from './cleanups';
import { liveEnvironment, livePorts, missingVariables, SERVICES } from './live-environment';
import { print, warn } from './terminal';
import { waitForShutdown } from './wait-for-shutdown';
import path from 'node:path';

/** Time limit for a graceful stop, in milliseconds. */
const GRACE_MS = 60_000;

/** Runs the services with the servers, ports and PagerDuty addresses from the environment. */
export async function live(environment: NodeJS.ProcessEnv): Promise<number> {
  const missing = missingVariables(environment);
  if (missing.length > 0) {
    throw new Error(`--live needs variables that are not set:\n  ${missing.join('\n  ')}`);
  }
  const ports = livePorts(environment);
  const inUse: string[] = [];
  for (const { port, what } of ports) if (!(await isPortFree(port))) inUse.push(`${port} (${what})`);
  if (inUse.length > 0) throw new Error(`--live needs ports that are in use: ${inUse.join(', ')}`);

  const cleanups = new Cleanups();
  const shutdown = waitForShutdown();
  try {
    const services = await startServices(environment, cleanups);
    print('LIVE: the services use the servers and the PagerDuty from your environment. Press Ctrl-C to stop.');
    const ended = Promise.race(services.map((service) => service.exited.then(() => service.name)));
    const outcome = await Promise.race([shutdown.then(() => undefined), ended]);
    if (outcome === undefined) return 0;
    warn(`${outcome} exited: stopping the others`);
    return 1;
  } finally {
    await cleanups.run(warn);
  }
}

/** Starts all services, and throws only after all have started or failed. */
async function startServices(environment: NodeJS.ProcessEnv, cleanups: Cleanups): Promise<AppProcess[]> {
  const started = await Promise.allSettled(
    SERVICES.map(({ name, adminPort }) =>
      cleanups.start(
        name,
        () =>
          startApp(name, {
            folder: path.join(workspaceRoot(), '.local', 'live'),
            // PDAGENTD_STATE_DIR may be relative to the clone.
            cwd: workspaceRoot(),
            env: { ...liveEnvironment(environment), PDAGENTD_ADMIN_PORT: String(adminPort) },
            // A service waits for an unreachable broker.
            until: 'alive',
            keepLog: false,
            onLine: (line) => print(formatLogLine(line)),
          }),
        GRACE_MS,
      ),
    ),
  );
  return started.map((result) => {
    if (result.status === 'rejected') throw result.reason;
    return result.value;
  });
}
