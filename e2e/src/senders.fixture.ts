import { waitUntil } from '@pdaltagent/testing';
import { Agent, request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';

const RETRY_MS = 20;

/** Senders that send one event after another, and retry each until it is answered with 202. Accepted events are recorded. */
export class Senders {
  /** Dedup keys of the events that were answered with 202. */
  readonly accepted = new Set<string>();
  /** Number of requests in flight when their connection was lost. */
  cutShort = 0;
  readonly #port: number;
  readonly #agent: Agent;
  readonly #working: Promise<void>[];
  #sequence = 0;
  #isOver = false;

  constructor(port: number, count: number) {
    this.#port = port;
    this.#agent = new Agent({ keepAlive: true, maxSockets: count });
    this.#working = Array.from({ length: count }, () => this.#work());
  }

  /** Resolves once this many more events were accepted. */
  async waitForAccepted(count: number): Promise<void> {
    const goal = this.accepted.size + count;
    await waitUntil(() => this.accepted.size >= goal, {
      what: `${goal} accepted events (there are ${this.accepted.size})`,
      timeoutMs: 60_000,
      intervalMs: 5,
    });
  }

  /** Resolves once each sender's last event was accepted. */
  async stop(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#working);
    this.#agent.destroy();
  }

  async #work(): Promise<void> {
    while (!this.#isOver) {
      this.#sequence += 1;
      const key = `event-${this.#sequence}`;
      while ((await this.#post(bodyOf(key))) !== 202) await delay(RETRY_MS);
      this.accepted.add(key);
    }
  }

  #post(body: string): Promise<number> {
    return new Promise((resolve) => {
      const posting = request({ port: this.#port, path: '/v2/enqueue', method: 'POST', agent: this.#agent });
      posting.once('response', (response) => {
        response.resume().once('end', () => resolve(response.statusCode ?? 0));
        response.once('error', () => resolve(0));
      });
      posting.once('error', (error: NodeJS.ErrnoException) => {
        if (error.code === 'ECONNRESET') this.cutShort += 1;
        resolve(0);
      });
      posting.end(body);
    });
  }
}

const KEYS = 20;

/** The body of the event with this dedup key. */
export function bodyOf(key: string): string {
  const routingKey = `key${Number(key.split('-')[1]) % KEYS}`.padEnd(32, 'x');
  return JSON.stringify({
    routing_key: routingKey,
    event_action: 'trigger',
    dedup_key: key,
    payload: { summary: 'Disk is full', source: 'db1', severity: 'critical', custom_details: { ratio: 1.5, key } },
  });
}

/** The dedup key, if the body is byte for byte what was sent; otherwise undefined. */
export function keyIn(body: Buffer): string | undefined {
  const text = body.toString();
  const key = /"dedup_key":"(event-\d+)"/.exec(text)?.[1];
  return key !== undefined && bodyOf(key) === text ? key : undefined;
}
