import { Ledger, waitUntil } from '@pdaltagent/testing';
import { Agent, request } from 'node:http';
import { z } from 'zod';

const ACTIONS = ['trigger', 'acknowledge', 'resolve'];

export interface TrafficOptions {
  readonly gatewayUrl: string;
  readonly simulatorUrl: string;
  readonly alerts: number;
  readonly eventsPerAlert: number;
  readonly routingKeys: readonly string[];
  /** Senders at one time; each has one alert after the other. */
  readonly senders: number;
  /** Begins the name of every alert; the default is `alert`. */
  readonly prefix?: string;
}

/** So many routing keys, as PagerDuty writes them. */
export function routingKeys(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `key${index}`.padEnd(32, 'x'));
}

const arrival = z.object({
  sequence: z.number(),
  dedupKey: z.string().nullable(),
  accepted: z.boolean(),
  body: z.string(),
});
const event = z.object({ payload: z.object({ custom_details: z.object({ sequence: z.number() }) }) });

/** Senders that insist: each sends the events of its alerts one after another, the same one again until it is answered 202. */
export class Traffic {
  readonly ledger = new Ledger();
  readonly #options: TrafficOptions;
  readonly #agent: Agent;
  #accepted = 0;
  #refused = 0;
  /** The last arrival that is in the ledger. */
  #after = 0;

  constructor(options: TrafficOptions) {
    this.#options = options;
    this.#agent = new Agent({ keepAlive: true, maxSockets: options.senders });
  }

  get accepted(): number {
    return this.#accepted;
  }

  /** Answers that were not 202, and requests that failed: each was sent again. */
  get refused(): number {
    return this.#refused;
  }

  get total(): number {
    return this.#options.alerts * this.#options.eventsPerAlert;
  }

  async send(): Promise<void> {
    const alerts = Array.from({ length: this.#options.alerts }, (_, index) => index);
    const sender = async () => {
      for (let alert = alerts.shift(); alert !== undefined; alert = alerts.shift()) await this.#sendAlert(alert);
    };
    await Promise.all(Array.from({ length: this.#options.senders }, sender));
    this.#agent.destroy();
  }

  /** Resolves once everything accepted has arrived at the simulator, and fills the ledger with what arrived. */
  async delivered(timeoutMs: number): Promise<void> {
    const { simulatorUrl, prefix = 'alert' } = this.#options;
    await waitUntil(
      async () => {
        const response = await fetch(
          `${simulatorUrl}/_control/events?format=ndjson&headers=false&accepted=true&after=${this.#after}`,
        );
        for (const line of (await response.text()).split('\n')) {
          if (line === '') continue;
          const { sequence, dedupKey, body } = arrival.parse(JSON.parse(line));
          this.#after = Math.max(this.#after, sequence);
          if (dedupKey?.startsWith(`${prefix}-`) !== true) continue;
          this.ledger.delivered(dedupKey, event.parse(JSON.parse(body)).payload.custom_details.sequence);
        }
        return this.ledger.isComplete();
      },
      { what: 'every accepted event to arrive', timeoutMs, intervalMs: 500 },
    ).catch((error: unknown) => {
      throw new Error(`${String(error)}\n${this.ledger.format()}`);
    });
  }

  async #sendAlert(alert: number): Promise<void> {
    const { prefix = 'alert', routingKeys: keys } = this.#options;
    const dedupKey = `${prefix}-${alert}`;
    const routingKey = keys[alert % keys.length];
    for (let sequence = 0; sequence < this.#options.eventsPerAlert; sequence += 1) {
      const body = JSON.stringify({
        routing_key: routingKey,
        event_action: ACTIONS[sequence % ACTIONS.length],
        dedup_key: dedupKey,
        payload: { summary: 'Disk is full', source: 'db1', severity: 'critical', custom_details: { sequence } },
      });
      this.ledger.sent(dedupKey, sequence);
      await waitUntil(async () => (await this.#post(body)) === 202, {
        what: 'a 202',
        timeoutMs: 120_000,
        intervalMs: 100,
      });
      this.ledger.accepted(dedupKey, sequence);
    }
  }

  #post(body: string): Promise<number> {
    return new Promise((resolve) => {
      const settle = (status: number) => {
        if (status === 202) this.#accepted += 1;
        else this.#refused += 1;
        resolve(status);
      };
      const posting = request(
        `${this.#options.gatewayUrl}/v2/enqueue`,
        { method: 'POST', agent: this.#agent },
        (response) => {
          response.resume().once('end', () => settle(response.statusCode ?? 0));
        },
      );
      posting.once('error', () => settle(0));
      posting.setHeader('content-type', 'application/json');
      posting.end(body);
    });
  }
}
