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
  /** Alerts of which nothing was sent yet. */
  readonly #alerts: number[];
  #ended = false;
  #accepted = 0;
  #refused = 0;
  /** The last arrival that is in the ledger. */
  #after = 0;

  constructor(options: TrafficOptions) {
    this.#options = options;
    this.#agent = new Agent({ keepAlive: true, maxSockets: options.senders });
    this.#alerts = Array.from({ length: options.alerts }, (_, index) => index);
  }

  /** Begins the name of every alert. */
  get prefix(): string {
    return this.#options.prefix ?? 'alert';
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

  /** Sends all events of so many more alerts, or of all that are left; resolves once each was answered 202. */
  async send(count = this.#alerts.length): Promise<void> {
    const alerts = this.#alerts.splice(0, count);
    const sender = async () => {
      for (let alert = alerts.shift(); alert !== undefined; alert = alerts.shift()) await this.#sendAlert(alert);
    };
    await Promise.all(Array.from({ length: this.#options.senders }, sender));
    if (this.#alerts.length === 0) this.#agent.destroy();
  }

  /** Sends nothing more, also where senders are still at it. */
  end(): void {
    this.#ended = true;
  }

  /** Fills the ledger with what has arrived at the simulator since the last time. */
  async collect(): Promise<void> {
    const response = await fetch(
      `${this.#options.simulatorUrl}/_control/events?format=ndjson&headers=false&accepted=true&after=${this.#after}`,
    );
    for (const line of (await response.text()).split('\n')) {
      if (line === '') continue;
      const { sequence, dedupKey, body } = arrival.parse(JSON.parse(line));
      this.#after = Math.max(this.#after, sequence);
      if (dedupKey?.startsWith(`${this.prefix}-`) !== true) continue;
      this.ledger.delivered(dedupKey, event.parse(JSON.parse(body)).payload.custom_details.sequence);
    }
  }

  /** Resolves once everything accepted, of all routing keys or of those that are wanted, has arrived at the simulator. */
  async delivered(timeoutMs: number, isWanted: (routingKey: string) => boolean = () => true): Promise<void> {
    const { routingKeys: keys } = this.#options;
    const keyOf = (alert: string) => keys[Number(alert.slice(this.prefix.length + 1)) % keys.length] ?? '';
    await waitUntil(
      async () => {
        await this.collect();
        return this.ledger.isComplete((alert) => isWanted(keyOf(alert)));
      },
      { what: 'every accepted event to arrive', timeoutMs, intervalMs: 500 },
    ).catch((error: unknown) => {
      throw new Error(`${String(error)}\n${this.ledger.format()}`);
    });
  }

  async #sendAlert(alert: number): Promise<void> {
    const { routingKeys: keys, eventsPerAlert } = this.#options;
    const dedupKey = `${this.prefix}-${alert}`;
    const routingKey = keys[alert % keys.length];
    for (let sequence = 0; sequence < eventsPerAlert && !this.#ended; sequence += 1) {
      const body = JSON.stringify({
        routing_key: routingKey,
        event_action: ACTIONS[sequence % ACTIONS.length],
        dedup_key: dedupKey,
        payload: { summary: 'Disk is full', source: 'db1', severity: 'critical', custom_details: { sequence } },
      });
      this.ledger.sent(dedupKey, sequence);
      const answered = await waitUntil(async () => this.#ended || (await this.#post(body)), {
        what: 'a 202',
        timeoutMs: 240_000,
        intervalMs: 100,
      });
      if (answered === 'accepted') this.ledger.accepted(dedupKey, sequence);
    }
  }

  #post(body: string): Promise<'accepted' | undefined> {
    return new Promise((resolve) => {
      const settle = (status: number) => {
        if (status === 202) this.#accepted += 1;
        else this.#refused += 1;
        resolve(status === 202 ? 'accepted' : undefined);
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
