import {
  BrokerLink,
  EVENTS,
  type Family,
  familyState,
  type FamilyState,
  laneKey,
  laneOf,
  type Letter,
  Shelf,
  WEBHOOKS,
} from '@pdaltagent/messaging';
import { maskKey, readConfiguration } from '@pdaltagent/service';
import { DeliveredMarkers } from '@pdaltagent/store';
import { Command } from 'commander';
import { brokerVariables, redisVariables } from '../configuration';
import { descriptionOf } from '../dead-letters/description';
import { recordOf } from '../dead-letters/record';
import { type Runner } from '../dead-letters/command';
import { durationOf, instantOf } from '../duration';
import { withStore } from '../status/redis';
import { type Terminal } from '../terminal';
import { acceptedAtOf } from './message-id';

export interface TraceOptions {
  readonly key?: string;
  readonly json?: true;
}

export function traceCommand(terminal: Terminal, finish: Runner): Command {
  return new Command('trace')
    .description('tell where an event is, by its dedup key or its message id')
    .argument('<dedup key | message id>')
    .option('--key <key>', 'its routing key, which tells its lane')
    .option('--json', 'as JSON')
    .addHelpText('after', HELP)
    .action((name: string, options: TraceOptions) => finish(trace(terminal, name, options)));
}

const FAMILIES = [
  { name: 'events', family: EVENTS },
  { name: 'webhooks', family: WEBHOOKS },
] as const;

type FamilyName = (typeof FAMILIES)[number]['name'];

/** @returns 0 where it was found, 1 where nothing is known of it */
async function trace(terminal: Terminal, name: string, options: TraceOptions): Promise<number> {
  const { amqpUrl, redisUrl } = readConfiguration({ ...brokerVariables, ...redisVariables }, terminal.environment);
  const [delivered, broker] = await Promise.all([markerOf(redisUrl, name), askBroker(amqpUrl, name, terminal.now())]);
  const acceptedAt = acceptedAtOf(name);
  const key = options.key ?? broker.routingKey;
  const lane = key === undefined ? undefined : laneReport(key, broker.family ?? 'events', broker.states);
  const report = {
    name,
    found: delivered === 'delivered' || broker.letters.length > 0,
    accepted_at: acceptedAt === undefined ? null : instantOf(acceptedAt),
    delivered,
    dead_letters: broker.letters,
    lane: lane ?? null,
    waiting: waitingIn(broker.states),
  };
  terminal.out(
    options.json ? `${JSON.stringify(report, null, 2)}\n` : textOf(report, terminal.now() - (acceptedAt ?? NaN)),
  );
  return report.found ? 0 : 1;
}

interface Answers {
  readonly letters: readonly ReturnType<typeof recordOf>[];
  readonly states: ReadonlyMap<FamilyName, FamilyState | undefined>;
  /** Of the letters that were found. */
  readonly routingKey: string | undefined;
  readonly family: FamilyName | undefined;
}

async function askBroker(url: string, wanted: string, now: number): Promise<Answers> {
  const link = await BrokerLink.open({ url, name: 'pdaltagent trace' });
  try {
    const letters: ReturnType<typeof recordOf>[] = [];
    const states = new Map<FamilyName, FamilyState | undefined>();
    let routingKey: string | undefined;
    let family: FamilyName | undefined;
    for (const { name, family: place } of FAMILIES) {
      states.set(name, await familyState(link, place));
      await eachLetter(link, place, (letter) => {
        if (letter.id !== wanted && descriptionOf(letter).alert !== wanted) return;
        letters.push(recordOf(name, letter, now));
        routingKey = letter.message?.routingKey;
        family = name;
      });
    }
    return { letters, states, routingKey, family };
  } finally {
    await link.close();
  }
}

async function eachLetter(link: BrokerLink, family: Family, visit: (letter: Letter) => void): Promise<void> {
  const shelf = await Shelf.open(link, family);
  await shelf.look(({ letter }) => visit(letter));
}

/** Redis remembers each delivered message by its id, for as long as a message may be given out again. */
async function markerOf(redisUrl: string, id: string): Promise<'delivered' | 'not remembered' | 'Redis is away'> {
  const known = await withStore(redisUrl, (store) => new DeliveredMarkers(store, 1).has([id])).catch(() => undefined);
  if (known === undefined) return 'Redis is away';
  return known.has(id) ? 'delivered' : 'not remembered';
}

function laneReport(key: string, name: FamilyName, states: Answers['states']) {
  const family = name === 'events' ? EVENTS : WEBHOOKS;
  const number = laneOf(family, key);
  const state = states.get(name)?.lanes[number];
  return {
    family: name,
    key: name === 'events' ? maskKey(key) : key,
    lane: laneKey(number),
    waiting: state?.queue.waiting ?? 0,
    has_worker: (state?.queue.consumers ?? 0) > 0,
    sidings_in_use: state?.sidings.filter(({ waiting, consumers }) => waiting > 0 || consumers > 0).length ?? 0,
    waiting_on_sidings: state?.sidings.reduce((sum, { waiting }) => sum + waiting, 0) ?? 0,
  };
}

function waitingIn(states: Answers['states']): number {
  return [...states.values()]
    .flatMap((state) => state?.lanes ?? [])
    .flatMap(({ queue, sidings }) => [queue, ...sidings])
    .reduce((sum, { waiting }) => sum + waiting, 0);
}

interface Report {
  readonly accepted_at: string | null;
  readonly delivered: string;
  readonly dead_letters: Answers['letters'];
  readonly lane: ReturnType<typeof laneReport> | null;
  readonly waiting: number;
  readonly found: boolean;
}

function textOf(
  { accepted_at: acceptedAt, delivered, dead_letters: letters, lane, waiting, found }: Report,
  ageMs: number,
) {
  const lines: string[] = [];
  if (acceptedAt !== null) lines.push(`accepted at ${acceptedAt}, ${durationOf(ageMs)} ago, by its id`);
  if (delivered === 'delivered') lines.push('delivered: Redis remembers that it was taken');
  if (delivered === 'Redis is away') lines.push('Redis is away: whether it was delivered is not known');
  for (const { id, family, reason, status, attempts, action, alert, last_attempt_at: last } of letters) {
    const why = status === null ? reason : `${reason} with ${status}`;
    lines.push(
      `dead letter ${id} (${family}): ${action} of ${alert}, ${why}, ${attempts} tries, the last at ${last ?? '-'}`,
    );
  }
  if (lane !== null) {
    const worker = lane.has_worker ? 'a worker works it and may hold up to 64 more' : 'nobody works it';
    lines.push(`its key ${lane.key} has lane ${lane.lane} of ${lane.family}: ${lane.waiting} waiting; ${worker}`);
    if (lane.sidings_in_use > 0) {
      lines.push(`${lane.sidings_in_use} keys of that lane stand on sidings, ${lane.waiting_on_sidings} waiting there`);
    }
  }
  if (!found) {
    const places = waiting === 0 ? 'a worker may hold it' : `${waiting} wait in all lanes, and it may be one of them`;
    lines.push(`not among the dead letters and not remembered as delivered: ${places}, or it was never accepted`);
  }
  return `${lines.join('\n')}\n`;
}

const HELP = `
By a message id (the gateway logs it; so does the worker) it tells whether the event was delivered, as long as Redis
remembers it (PDAGENTD_EVENT_MAX_AGE_SECONDS). By a dedup key it finds dead letters of the alert only. What waits in a
lane cannot be looked at without taking it from its worker, so of lanes it tells numbers.

exit codes: 0 found, 1 nothing is known of it
`;
