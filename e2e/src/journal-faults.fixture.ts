import { JournalTap, type LedgerEntry, type TappedFact, waitUntil } from '@pdaltagent/testing';
import { z } from 'zod';
import {
  endSlowResponses,
  printFigures,
  startSlowResponses,
  STEP_MS,
  waitForHeldEvents,
  waitForQueues,
} from './faults.fixture';
import { type PrivateRelay } from './relay.fixture';
import { routingKeys, Traffic } from './traffic.fixture';

export interface JournalScenario {
  readonly alerts: number;
  readonly eventsPerAlert: number;
  /** How often a worker is killed, and then the broker. */
  readonly workerKills: number;
  readonly brokerKills: number;
}

const KEYS = routingKeys(10);
const [THROTTLED = '', REJECTED = ''] = KEYS;
const REFUSAL = { status: 'invalid event', message: 'Event object is invalid', errors: ["'payload' is odd"] };
/** A worker that sees a key throttled after a minute takes what it accepted in that minute for its rate. */
const THROTTLED_MS = 30_000;
/** What a process has not written yet when it is killed, on a busy machine; milliseconds. */
const UNWRITTEN_MS = 3_000;

const answered = z.object({ dedupKey: z.string().nullable(), answeredAt: z.number().nullable(), body: z.string() });
const event = z.object({ payload: z.object({ custom_details: z.object({ sequence: z.number() }) }) });

/**
 * Sends events while PagerDuty throttles one key and rejects all events of another one, workers are killed, and then the broker. Then
 * every accepted event has to be in the journal, with how it ended; only what a worker had learned just before it was killed may be
 * missing. Prints one line of figures.
 */
export async function isInTheJournal(relay: PrivateRelay, name: string, scenario: JournalScenario): Promise<void> {
  const { alerts, eventsPerAlert, workerKills, brokerKills } = scenario;
  const { gatewayUrl, simulatorUrl } = relay;
  const traffic = new Traffic({
    ...{ gatewayUrl, simulatorUrl, alerts, eventsPerAlert },
    routingKeys: KEYS,
    senders: 16,
    prefix: name,
  });
  const rejecting = { kind: 'status', status: 400, body: REFUSAL };
  await fault(relay, { id: 'rejected', match: { routingKey: REJECTED }, effect: rejecting });
  await startSlowResponses(relay, traffic);
  const kills: number[] = [];
  try {
    await relay.startWorker();
    await relay.startWorker();
    const throttling = { kind: 'status', status: 429, retryAfter: 1 };
    const match = { routingKey: THROTTLED };
    await fault(relay, { id: 'throttled', match, effect: throttling, probability: 0.2, forMs: THROTTLED_MS });
    const parts = brokerKills + 1;
    let sent = traffic.send(Math.ceil(alerts / parts));
    for (let kill = 0; kill < workerKills; kill += 1) {
      const worker = relay.workers.shift();
      if (worker === undefined) throw new Error('no worker is left');
      await waitForHeldEvents(worker);
      await worker.kill();
      kills.push(Date.now());
      await relay.startWorker();
    }
    await endSlowResponses(relay);
    for (let kill = 0; kill < brokerKills; kill += 1) {
      await sent;
      sent = traffic.send(kill === brokerKills - 1 ? undefined : Math.ceil(alerts / parts));
      await relay.broker.kill();
      await relay.broker.restart();
    }
    await sent;
    await traffic.delivered(STEP_MS, (key) => key !== REJECTED);
    const { dead } = await waitForQueues(relay, 'empty', ({ queued }) => queued === 0);
    const unwritten = await answeredAround(relay, kills);
    const known = await inTheJournal(relay, traffic, unwritten);
    printFigures(name, {
      accepted: traffic.ids.size,
      dead,
      kills: kills.length,
      'not written': unwritten.size,
      ...known,
    });
    // Each was rejected at least once; one whose worker was killed before its acknowledgement is a dead letter twice.
    expect(dead).toBeGreaterThanOrEqual(rejectedIn(traffic).length);
  } finally {
    traffic.end();
    for (const worker of relay.workers.splice(0)) await worker.stop();
    await relay.control('POST', '/reset');
  }
}

function fault(relay: PrivateRelay, rule: object): Promise<unknown> {
  return relay.control('POST', '/faults', { seed: 1, ...rule });
}

/** The events that PagerDuty answered just before a worker was killed: the facts about them may be lost. */
async function answeredAround(relay: PrivateRelay, kills: readonly number[]): Promise<ReadonlySet<string>> {
  const response = await fetch(`${relay.simulatorUrl}/_control/events?format=ndjson&headers=false`);
  const lines = (await response.text()).split('\n').filter((line) => line !== '');
  const names = lines.flatMap((line) => {
    const { dedupKey, answeredAt, body } = answered.parse(JSON.parse(line));
    if (dedupKey === null || answeredAt === null) return [];
    const { sequence } = event.parse(JSON.parse(body)).payload.custom_details;
    const isUnwritten = kills.some((killedAt) => answeredAt <= killedAt && answeredAt > killedAt - UNWRITTEN_MS);
    return isUnwritten ? [nameOf({ alert: dedupKey, sequence })] : [];
  });
  return new Set(names);
}

/** Waits until the journal accounts for every event, except for how those ended that may be missing. */
async function inTheJournal(relay: PrivateRelay, traffic: Traffic, unwritten: ReadonlySet<string>) {
  const tap = await JournalTap.open(relay.broker.url);
  try {
    await waitUntil(() => unaccountedIn(tap, traffic, unwritten).length === 0, {
      what: 'the journal to account for every event',
      timeoutMs: 30_000,
      intervalMs: 500,
    }).catch(() => undefined);
    expect(unaccountedIn(tap, traffic, unwritten)).toEqual([]);
    const throttled = tap.facts.filter(({ kind, outcome }) => kind === 'attempted' && outcome === 'throttled');
    expect(throttled.length).toBeGreaterThan(0);
    const lines = tap.lines.join('\n');
    for (const secret of [...KEYS, 'custom_details']) expect(lines.includes(secret)).toBe(false);
    return { facts: tap.facts.length, throttled: throttled.length };
  } finally {
    await tap.close();
  }
}

/** The events of which the journal does not know that they were accepted, or how they ended. */
function unaccountedIn({ facts }: JournalTap, { ids }: Traffic, unwritten: ReadonlySet<string>): readonly object[] {
  const kinds = new Map<string, Set<string>>();
  for (const { id, kind } of facts) {
    if (id === undefined) continue;
    const known = kinds.get(id) ?? new Set();
    kinds.set(id, known.add(kind));
  }
  return [...ids].flatMap(([id, entry]) => {
    const known = kinds.get(id) ?? new Set<string>();
    const isEnded = endsOf(entry).some((kind) => known.has(kind)) || unwritten.has(nameOf(entry));
    return known.has('accepted') && isEnded ? [] : [{ id, ...entry, known: [...known] }];
  });
}

/** A repeat was delivered before. */
function endsOf(entry: LedgerEntry): readonly TappedFact['kind'][] {
  return keyOf(entry) === REJECTED ? ['dead-lettered'] : ['delivered', 'repeated'];
}

function rejectedIn({ ids }: Traffic): readonly LedgerEntry[] {
  return [...ids.values()].filter((entry) => keyOf(entry) === REJECTED);
}

function keyOf({ alert }: LedgerEntry): string | undefined {
  return KEYS[Number(alert.slice(alert.lastIndexOf('-') + 1)) % KEYS.length];
}

function nameOf({ alert, sequence }: LedgerEntry): string {
  return `${alert}/${sequence}`;
}
