import { type AppProcess, formatLogLine, isPortFree, startApp, workspaceRoot } from '@pdaltagent/testing';
import { Cleanups } from './cleanups';
import { livePorts, missingVariables, SERVICES } from './live-environment';
import { print, warn } from './terminal';
import { waitForShutdown } from './wait-for-shutdown';
import path from 'node:path';

/** How long a service may take to hand back what it holds; milliseconds. */
const GRACE_MS = 60_000;

/** Runs the services with the servers, ports and PagerDuty that the environment names. */
export async function live(environment: NodeJS.ProcessEnv): Promise<number> {
  const missing = missingVariables(environment);
  if (missing.length > 0) {
    throw new Error(`--live works with what the environment names, and it does not name:\n  ${missing.join('\n  ')}`);
  }
  const ports = livePorts(environment);
  const taken: string[] = [];
  for (const { port, what } of ports) if (!(await isPortFree(port))) taken.push(`${port} (${what})`);
  if (taken.length > 0) throw new Error(`--live keeps to its ports, and these are taken: ${taken.join(', ')}`);

  const cleanups = new Cleanups();
  const shutdown = waitForShutdown();
  try {
    const services = await startServices(environment, cleanups);
    print('LIVE: the services run with what the environment names, and deliver to it. Ctrl-C ends them.');
    const ended = Promise.race(services.map((service) => service.exited.then(() => service.name)));
    const outcome = await Promise.race([shutdown.then(() => undefined), ended]);
    if (outcome === undefined) return 0;
    warn(`${outcome} ended: stopping the others`);
    return 1;
  } finally {
    await cleanups.run(warn);
  }
}

/** Starts all, and only then gives up if one could not be started: so that none is left out of the cleanups. */
async function startServices(environment: NodeJS.ProcessEnv, cleanups: Cleanups): Promise<AppProcess[]> {
  const started = await Promise.allSettled(
    SERVICES.map(async ({ name, adminPort }) => {
      const service = await startApp(name, {
        folder: path.join(workspaceRoot(), '.local', 'live'),
        // The state folder may be given relative to the clone.
        cwd: workspaceRoot(),
        env: { ...environment, PDAGENTD_ADMIN_PORT: String(adminPort) },
        // A broker that is away is waited for.
        until: 'alive',
        keepLog: false,
        onLine: (line) => print(formatLogLine(line)),
      });
      cleanups.add(name, () => service.stop(GRACE_MS));
      return service;
    }),
  );
  return started.map((result) => {
    if (result.status === 'rejected') throw result.reason;
    return result.value;
  });
}
