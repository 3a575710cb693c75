import { SYSTEM_CLOCK } from '@pdaltagent/clock';
import { Registry } from 'prom-client';
import { AdminServer, type Readiness } from './admin';
import { adminAddressOf, adminVariables } from './admin-variables';
import {
  type ConfigurationOf,
  ConfigurationError,
  EXIT_CONFIGURATION,
  readConfiguration,
  secretsOf,
  summaryOf,
  type Variables,
} from './configuration';
import { helpOf } from './help';
import { createLogger, LOG_LEVELS, type Logger } from './logger';
import { collectProcessMetrics } from './process-metrics';
import { listenVariables } from './server-variables';
import { choice, flag, integer } from './variable';

/** A process's application. `start` resolves once it works or waits for a dependency; it rejects if it can never start. */
export interface App {
  start(): Promise<void>;
  /** Stops accepting work, finishes or returns work in flight, flushes. Safe to call at any time after start. */
  stop(): Promise<void>;
  readiness(): Readiness;
}

export interface Context {
  readonly logger: Logger;
  readonly metrics: Registry;
}

export interface Service<V extends Variables> {
  readonly name: string;
  readonly summary: string;
  readonly adminPort: number;
  readonly variables: V;
  createApp(configuration: ConfigurationOf<V>, context: Context): App;
}

const commonVariables = (adminPort: number) => ({
  ...adminVariables(adminPort),
  ...listenVariables,
  logLevel: choice('PDAGENTD_LOG_LEVEL', LOG_LEVELS, 'info', 'log level: error, warn, info or debug'),
  debug: flag('PDAGENTD_DEBUG', false, 'true means PDAGENTD_LOG_LEVEL=debug'),
  shutdownSeconds: integer('PDAGENTD_SHUTDOWN_SECONDS', 25, 'time limit of a graceful stop; then the process exits', {
    min: 1,
  }),
});

/**
 * Runs a service until SIGTERM or SIGINT: configuration, log, admin port, start, stop.
 * Exit codes: 0 after a graceful stop, 78 for an invalid configuration, 1 for anything else.
 */
export async function runService<V extends Variables>(service: Service<V>): Promise<void> {
  const common = commonVariables(service.adminPort);
  if (process.argv.includes('--help') || process.argv.includes('-h')) {
    process.stdout.write(helpOf(service.name, service.summary, { ...service.variables, ...common }));
    return;
  }
  const read = readConfigurationOrReport(service, common);
  if (read === undefined) return;
  const { own, shared } = read;
  const logger = createLogger({
    service: service.name,
    level: shared.debug ? 'debug' : shared.logLevel,
    secrets: secretsOf({ ...service.variables, ...common }, process.env),
  });
  const metrics = new Registry();
  collectProcessMetrics(metrics);

  const exitOnBug = (error: unknown) => {
    logger.error('unexpected error, the process exits: this is a bug', {
      error,
      stack: error instanceof Error ? error.stack : undefined,
    });
    void logger.close().finally(() => process.exit(1));
  };
  process.on('uncaughtException', exitOnBug);
  process.on('unhandledRejection', exitOnBug);

  let started = false;
  const app = createAppOrReport(service, own, { logger, metrics });
  if (app === undefined) return;
  const readiness = () => (started ? app.readiness() : { ready: false, checks: { process: 'starting' } });
  const admin = new AdminServer({
    port: shared.adminPort,
    address: adminAddressOf(shared),
    metrics,
    metricsToken: shared.metricsToken,
    readiness,
    onError: (error) => logger.error('a request to the admin port failed', { error }),
  });
  const stopped = stopOnSignal(logger, shared.shutdownSeconds, async () => {
    started = false;
    await app.stop();
    await admin.stop();
  });
  try {
    const adminPort = await admin.start();
    logger.info('starting', { adminPort, configuration: summaryOf(service.variables, own) });
    await app.start();
    started = true;
    logger.info('started', { adminPort });
  } catch (error) {
    logger.error(`cannot start: ${error instanceof Error ? error.message : String(error)}`, { error });
    await logger.close();
    process.exit(1);
  }
  await stopped;
}

function readConfigurationOrReport<V extends Variables>(
  service: Service<V>,
  common: ReturnType<typeof commonVariables>,
) {
  const problems: string[] = [];
  const attempt = <W extends Variables>(variables: W): ConfigurationOf<W> | undefined => {
    try {
      return readConfiguration(variables, process.env);
    } catch (error) {
      if (!(error instanceof ConfigurationError)) throw error;
      problems.push(...error.problems);
      return undefined;
    }
  };
  const own = attempt(service.variables);
  const shared = attempt(common);
  if (own !== undefined && shared !== undefined) return { own, shared };
  process.stderr.write(`${service.name}: ${new ConfigurationError(problems).message}\n`);
  process.exitCode = EXIT_CONFIGURATION;
  return undefined;
}

/** An app throws ConfigurationError for variables that are valid each, but not together. */
function createAppOrReport<V extends Variables>(
  service: Service<V>,
  configuration: ConfigurationOf<V>,
  context: Context,
): App | undefined {
  try {
    return service.createApp(configuration, context);
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    process.stderr.write(`${service.name}: ${error.message}\n`);
    process.exitCode = EXIT_CONFIGURATION;
    return undefined;
  }
}

function stopOnSignal(logger: Logger, seconds: number, stop: () => Promise<void>): Promise<void> {
  return new Promise((resolve) => {
    let stopping = false;
    const onSignal = (signal: NodeJS.Signals) => {
      if (stopping) process.exit(1);
      stopping = true;
      logger.info('stopping', { signal });
      const cancelDeadline = SYSTEM_CLOCK.after(seconds * 1000, () => {
        logger.error('the graceful stop timed out, the process exits', { seconds });
        process.exit(1);
      });
      stop()
        .then(() => logger.info('stopped'))
        .then(() => logger.close())
        .then(
          () => {
            cancelDeadline();
            resolve();
            process.exit(0);
          },
          (error: unknown) => {
            logger.error('the graceful stop failed', { error });
            void logger.close().finally(() => process.exit(1));
          },
        );
    };
    process.on('SIGTERM', onSignal);
    process.on('SIGINT', onSignal);
  });
}
