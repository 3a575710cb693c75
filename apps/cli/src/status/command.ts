import {
  brokerOf,
  brokerVariables,
  maskSecrets,
  metricsVariables,
  readConfiguration,
  redisOf,
  redisVariables,
} from '@pdaltagent/service';
import { Command } from 'commander';
import { pagerDutyVariables } from '../configuration';
import { type CommandRunner } from '../dead-letters/command';
import { addressOption } from '../option-values';
import { type Terminal } from '../terminal';
import { checkBroker } from './broker';
import { formatResults, needsAttention } from './check-result';
import { checkEventsApi, checkToken } from './pagerduty';
import { checkQuarantine } from './quarantine';
import { checkRedis } from './redis';
import { downgradeUnconfigured } from './unconfigured';
import { createFetch } from './web';
import { checkPausedDestinations } from './webhooks';
import { checkWorker } from './worker';

export interface StatusOptions {
  readonly json?: true;
  readonly worker?: readonly string[];
}

export function statusCommand(terminal: Terminal, run: CommandRunner): Command {
  return new Command('status')
    .description('show services, waiting messages and dead letters, and what to do about problems')
    .option('--worker <url...>', 'also query workers on their admin ports, for example localhost:8091', addressOption)
    .option('--json', 'as JSON')
    .addHelpText('after', HELP)
    .action((options: StatusOptions) => run(status(terminal, options)));
}

/** Runs all checks concurrently; none takes longer than a few seconds. @returns 0 if all is well, 1 if something needs attention */
export async function status(
  { environment, out, now, showsColour }: Terminal,
  options: StatusOptions,
): Promise<number> {
  const configuration = readConfiguration(
    { ...brokerVariables, ...redisVariables, ...pagerDutyVariables, ...metricsVariables },
    environment,
  );
  const { eventsBaseUrl, apiBaseUrl, apiToken, metricsToken } = configuration;
  const [broker, redis] = [brokerOf(configuration), redisOf(configuration)];
  const fetch = createFetch(broker.authorities);
  const checks = await Promise.all([
    checkBroker(broker, now()),
    checkRedis(redis).then((result) => downgradeUnconfigured([result], redisVariables.redisUrl, environment)),
    checkPausedDestinations(redis),
    checkQuarantine(environment, now()),
    checkEventsApi(fetch, eventsBaseUrl).then((found) =>
      downgradeUnconfigured(found, pagerDutyVariables.eventsBaseUrl, environment),
    ),
    checkToken(fetch, apiBaseUrl, apiToken),
    ...(options.worker ?? []).map((url) => checkWorker(fetch, url, metricsToken)),
  ]);
  const results = checks.flat().map((result) => ({ ...result, detail: maskSecrets(result.detail) }));
  const attention = needsAttention(results);
  out(
    options.json
      ? `${JSON.stringify({ ok: !attention, findings: results }, null, 2)}\n`
      : formatResults(results, showsColour),
  );
  return attention ? 1 : 0;
}

const HELP = `
A worker holds up to 64 messages of a lane. Only the worker itself knows the age of the oldest one and the throttled
keys: query it with --worker, if its PDAGENTD_ADMIN_HOST lets you; PDAGENTD_METRICS_TOKEN is presented if it is set.

examples:
  pdaltagent status
  pdaltagent status --worker worker-1:8091 worker-2:8091
  pdaltagent status --json | jq -r '.findings[] | select(.state == "attention") | .subject, .advice'

exit codes: 0 all is well, 1 something needs attention
`;
