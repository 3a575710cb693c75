import { connectToBroker } from '@pdaltagent/testing';
import {
  DEAD_LETTER_EXCHANGE,
  declareTopology,
  EVENTS,
  type LaneGroup,
  laneKey,
  laneOf,
  laneQueue,
  type OutgoingMessage,
  toProperties,
  WEBHOOKS,
} from '@pdaltagent/messaging';
import { BrokerClient, Sender } from '@pdaltagent/operations';
import { Readable } from 'node:stream';
import { runQueue } from './pd-queue/run';
import { run } from './run';
import { type Terminal } from './terminal';

export const KEY = 'R0123456789ABCDEFGHIJKLMNOPQd1a6';
export const OTHER_KEY = 'R0123456789ABCDEFGHIJKLMNOPQ77ff';
export const NOW = 1_800_000_000_000;
export const MINUTE = 60_000;

export interface CliResult {
  readonly code: number;
  readonly out: string;
  readonly error: string;
  readonly questions: readonly string[];
}

/**
 * Runs a command in this process, with a fake terminal, and without the journal unless the environment switches it on.
 * `answer`: the reply to a prompt; without it the terminal is not interactive. `input`: chunks of standard input.
 * `now`: for facts, which a real process writes: the real time.
 */
export async function runCli(
  words: readonly string[],
  environment: Record<string, string>,
  {
    answer,
    name = 'pdaltagent',
    input = [],
    colour = false,
    now = NOW,
    historyWorker,
  }: {
    answer?: string;
    colour?: boolean;
    now?: number;
    historyWorker?: string;
    name?: 'pdaltagent' | 'pd-queue';
    input?: readonly Uint8Array[];
  } = {},
): Promise<CliResult> {
  let out = '';
  let error = '';
  const questions: string[] = [];
  const terminal: Terminal = {
    environment: { PDAGENTD_JOURNAL: 'false', ...environment },
    input: Readable.from(input),
    out: (text) => (out += text),
    error: (text) => (error += text),
    now: () => now,
    interactive: answer !== undefined,
    showsColour: colour,
    showsProgress: false,
    columns: undefined,
    historyWorker,
    ask: (question) => {
      questions.push(question);
      return Promise.resolve(answer ?? '');
    },
  };
  const code = await (name === 'pdaltagent' ? run : runQueue)(words, terminal);
  return { code, out, error, questions };
}

/** Declares the exchanges and queues that the services declare. */
export async function declareTopologies(url: string): Promise<void> {
  const connection = await connectToBroker(url);
  for (const laneGroup of [EVENTS, WEBHOOKS]) await declareTopology(connection, laneGroup, 'quorum');
  await connection.close();
}

/** Purges the dead-letter queues and the lanes of the two keys. */
export async function purgeQueues(url: string): Promise<void> {
  const connection = await connectToBroker(url);
  const channel = await connection.createChannel();
  const lanes = [KEY, OTHER_KEY].map((key) => laneQueue(EVENTS, laneOf(EVENTS, key)));
  for (const queue of [EVENTS.deadLetters, WEBHOOKS.deadLetters, ...lanes]) await channel.purgeQueue(queue);
  await connection.close();
}

export interface DeadLetterSpec {
  readonly id: string;
  readonly alert?: string;
  readonly action?: string;
  readonly key?: string;
  readonly type?: OutgoingMessage['type'];
  readonly ageMs?: number;
  readonly headers?: Record<string, unknown>;
}

/** Publishes dead letters as a worker does, in this order. */
export async function publishDeadLetters(
  url: string,
  laneGroup: LaneGroup,
  letters: readonly DeadLetterSpec[],
): Promise<void> {
  const client = await BrokerClient.open({ url, name: 'fixture' });
  const sender = await Sender.open(client);
  for (const [index, dead] of letters.entries()) {
    const { id, alert = 'db1/disk', action = 'trigger', key = KEY, type = 'v2', ageMs = 10 * MINUTE } = dead;
    const body = { routing_key: key, event_action: action, dedup_key: alert };
    const properties = toProperties({
      id,
      type,
      routingKey: key,
      orderKey: `${key}:${alert}`,
      body: Buffer.from(''),
      contentType: 'application/json',
      receivedAt: NOW - ageMs,
    });
    const headers: Readonly<Record<string, unknown>> = properties.headers as Record<string, unknown>;
    await sender.send(DEAD_LETTER_EXCHANGE, laneGroup.deadLetters, Buffer.from(JSON.stringify(body)), {
      ...properties,
      headers: {
        ...headers,
        dead_reason: 'rejected',
        dead_status: 400,
        dead_answer: `{"status":"invalid event","errors":["'${key}'\u001b[31m is bad"]}`,
        dead_attempts: 2,
        dead_at: NOW - 5 * MINUTE + index,
        dead_first_attempt_at: NOW - 9 * MINUTE,
        dead_last_attempt_at: NOW - 5 * MINUTE,
        ...dead.headers,
      },
    });
  }
  await client.close();
}

/** Number of messages waiting in the key's lane. */
export async function waitingInLane(url: string, key = KEY): Promise<number> {
  const client = await BrokerClient.open({ url, name: 'fixture' });
  const state = await client.stateOf(laneQueue(EVENTS, laneOf(EVENTS, key)));
  await client.close();
  return state?.waiting ?? 0;
}

/** Publishes events of one alert to the lane of the key. */
export async function publishEvents(url: string, count: number): Promise<void> {
  const client = await BrokerClient.open({ url, name: 'test' });
  const sender = await Sender.open(client);
  for (let sequence = 0; sequence < count; sequence += 1) {
    const message: OutgoingMessage = {
      id: `published-${sequence}`,
      type: 'v2',
      routingKey: KEY,
      orderKey: `${KEY}:published`,
      body: Buffer.from('{}'),
      contentType: 'application/json',
      receivedAt: Date.now(),
    };
    await sender.send(EVENTS.exchange, laneKey(laneOf(EVENTS, KEY)), message.body, toProperties(message));
  }
  await client.close();
}
