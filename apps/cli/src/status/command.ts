import { brokerVariables, readConfiguration, redisVariables } from '@pdaltagent/service';
import { Command } from 'commander';
import { pagerDutyVariables } from '../configuration';
import { type Runner } from '../dead-letters/command';
import { type Terminal } from '../terminal';
import { brokerFindings } from './broker';
import { needsAttention, textOf } from './check-result';
import { eventsFindings, tokenFinding } from './pagerduty';
import { quarantineFindings } from './quarantine';
import { redisFinding } from './redis';
import { unconfigured } from './unconfigured';
import { createFetch } from './web';
import { webhookFindings } from './webhooks';
import { workerFinding } from './worker';

export interface StatusOptions {
  readonly json?: true;
  readonly worker?: readonly string[];
}

export function statusCommand(terminal: Terminal, finish: Runner): Command {
  return new Command('status')
    .description('show what runs, what waits, dead letters, and what to do about problems')
    .option('--worker <url...>', 'also query workers on their admin ports, for example http://localhost:8091')
    .option('--json', 'as JSON')
    .addHelpText('after', HELP)
    .action((options: StatusOptions) => finish(status(terminal, options)));
}

/** Looks at everything at once; nothing takes longer than a few seconds. @returns 0 fine, 1 something needs attention */
export async function status({ environment, out, now }: Terminal, options: StatusOptions): Promise<number> {
  const configuration = readConfiguration(
    { ...brokerVariables, ...redisVariables, ...pagerDutyVariables },
    environment,
  );
  const { amqpUrl, redisUrl, eventsBaseUrl, apiBaseUrl, apiToken } = configuration;
  const fetch = createFetch(configuration.certificateAuthorities);
  const looks = await Promise.all([
    brokerFindings(amqpUrl, now()),
    redisFinding(redisUrl).then((finding) => unconfigured([finding], redisVariables.redisUrl, environment)),
    webhookFindings(redisUrl),
    quarantineFindings(environment, now()),
    eventsFindings(fetch, eventsBaseUrl).then((found) =>
      unconfigured(found, pagerDutyVariables.eventsBaseUrl, environment),
    ),
    tokenFinding(fetch, apiBaseUrl, apiToken),
    ...(options.worker ?? []).map((url) => workerFinding(fetch, url)),
  ]);
  const findings = looks.flat();
  const attention = needsAttention(findings);
  out(options.json ? `${JSON.stringify({ ok: !attention, findings }, null, 2)}\n` : textOf(findings));
  return attention ? 1 : 0;
}

const HELP = `
A worker holds up to 64 messages of a lane. Only the worker knows the age of the oldest of them and the throttled keys:
--worker queries it.

exit codes: 0 all is well, 1 something needs attention
`;
