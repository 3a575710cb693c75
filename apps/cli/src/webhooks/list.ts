import { readConfiguration, redisOf, redisVariables, type ServerAddress, webhookVariables } from '@pdaltagent/service';
import { PausedDestinations } from '@pdaltagent/store';
import { type DestinationFilter } from '@pdaltagent/webhooks';
import { instantOf } from '../duration';
import { withStore } from '../status/redis';
import { formatHeader, formatRow } from '../table';
import { type Terminal } from '../terminal';
import { pollerDestinations } from './configuration';

export interface WebhookListOptions {
  readonly json?: true;
}

/** @returns 0 */
export async function list(terminal: Terminal, { json }: WebhookListOptions): Promise<number> {
  const configuration = readConfiguration({ ...webhookVariables, ...redisVariables }, terminal.environment);
  const destinations = pollerDestinations(terminal, configuration).current();
  const paused = await pausedIn(redisOf(configuration));
  const rows = destinations.map(({ name, format, endpointUrl, filter }) => {
    const pausedAt = paused?.get(name);
    return { name, format, state: stateOf(paused, pausedAt), endpoint: hostOf(endpointUrl), filter, pausedAt };
  });
  if (json) {
    const shown = rows.map(({ pausedAt, ...row }) => ({
      ...row,
      ...(pausedAt === undefined ? {} : { paused_at: instantOf(pausedAt) }),
    }));
    terminal.out(`${JSON.stringify(shown, null, 2)}\n`);
    return 0;
  }
  const nameWidth = Math.max(4, ...rows.map(({ name }) => name.length));
  const columns = [
    { title: 'NAME', width: nameWidth },
    { title: 'FORMAT', width: 6 },
    { title: 'STATE', width: 34 },
    { title: 'ENDPOINT', width: 200 },
  ];
  terminal.out(formatHeader(columns));
  for (const { name, format, state, endpoint, filter } of rows) {
    terminal.out(formatRow(columns, [name, format, state, endpoint]));
    const wants = filterText(filter);
    if (wants !== '') terminal.out(`${' '.repeat(nameWidth + 2)}only ${wants}\n`);
  }
  return 0;
}

/** Undefined if Redis is unreachable. */
export async function pausedIn(redis: ServerAddress): Promise<ReadonlyMap<string, number> | undefined> {
  return withStore(redis, (store) => new PausedDestinations(store).all()).catch(() => undefined);
}

function stateOf(paused: ReadonlyMap<string, number> | undefined, pausedAt: number | undefined): string {
  if (paused === undefined) return 'unknown: Redis is unreachable';
  return pausedAt === undefined ? 'active' : `PAUSED since ${instantOf(pausedAt)}`;
}

function filterText(filter: DestinationFilter): string {
  return Object.entries(filter as Record<string, readonly string[]>)
    .map(([what, values]) => `${what} ${values.join(', ')}`)
    .join('; ');
}

/** Without the path: like the query, it is the credential of many webhooks, for example of Slack's and Teams'. */
function hostOf(endpointUrl: string): string {
  const { origin, pathname } = new URL(endpointUrl);
  return pathname === '/' ? origin : `${origin}/…`;
}
