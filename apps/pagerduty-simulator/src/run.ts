import { ConfigurationError, createLogger, EXIT_CONFIGURATION, readConfiguration } from '@pdaltagent/service';
import { type Configuration, variables } from './configuration';
import { Simulator } from './simulator';

/** Runs the simulator until SIGTERM or SIGINT. Exit codes: 0 after a stop, 78 for an invalid configuration, 1 otherwise. */
export async function run(environment: NodeJS.ProcessEnv): Promise<void> {
  const configuration = configurationOrExplain(environment);
  if (configuration === undefined) return;
  const { apiToken } = configuration;
  const secrets = apiToken === undefined ? [] : [apiToken];
  const log = createLogger({ service: 'pagerduty-simulator', level: 'info', secrets });
  const simulator = new Simulator(configuration, log);
  try {
    const { host, port } = await simulator.start();
    const url = `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
    log.info('listening: nothing sent here reaches PagerDuty', { url, host, port });
  } catch (error) {
    log.error(`cannot listen: ${error instanceof Error ? error.message : String(error)}`, { error });
    await log.close();
    process.exitCode = 1;
    return;
  }
  const signal = await firstSignal();
  log.info('stopping', { signal });
  await simulator.stop();
  await log.close();
}

function configurationOrExplain(environment: NodeJS.ProcessEnv): Configuration | undefined {
  try {
    return readConfiguration(variables, environment);
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    process.stderr.write(`pagerduty-simulator: ${error.message}\n`);
    process.exitCode = EXIT_CONFIGURATION;
    return undefined;
  }
}

function firstSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    process.once('SIGTERM', resolve);
    process.once('SIGINT', resolve);
  });
}
