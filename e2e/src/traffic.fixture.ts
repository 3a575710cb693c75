import { Ledger, type LedgerEntry, waitUntil } from '@pdaltagent/testing';
import { Agent, request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';

const ACTIONS = ['trigger', 'acknowledge', 'resolve'];

export interface TrafficOptions {
  readonly gatewayUrl: string;
  readonly simulatorUrl: string;
  readonly alerts: number;
  readonly eventsPerAlert: number;
  readonly routingKeys: readonly string[];
  /** Number of concurrent senders; each sends one alert after another. */
  readonly senders: number;
  /** Prefix of the dedup keys. Default: `alert`. */
  readonly prefix?: string;
  /** How long a sender waits after each event; milliseconds. Default: not at all. */
  readonly pauseMs?: number;
}

/** This many well-formed routing keys. */
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

/** Senders that send the events of their alerts in order, and retry each until it is answered with 202. */
export class Traffic {
  readonly ledger = new Ledger();
  /** Of each event that was answered with 202, by the id that the gateway gave it. */
  readonly ids = new Map<string, LedgerEntry>();
  readonly #options: TrafficOptions;
  readonly #agent: Agent;
  /** Alerts without any event sent so far. */
  readonly #alerts: number[];
  #ended = false;
  #accepted = 0;
  #refused = 0;
  /** Sequence number of the last event in the ledger. */
  #after = 0;

  constructor(options: TrafficOptions) {
    this.#options = options;
    this.#agent = new Agent({ keepAlive: true, maxSockets: options.senders });
    this.#alerts = Array.from({ length: options.alerts }, (_, index) => index);
  }

  /** Prefix of the dedup keys. */
  get prefix(): string {
    return this.#options.prefix ?? 'alert';
  }

  get accepted(): number {
    return this.#accepted;
  }

  /** Number of responses other than 202, and of failed requests; all were retried. */
  get refused(): number {
    return this.#refused;
  }

  get total(): number {
    return this.#options.alerts * this.#options.eventsPerAlert;
  }

  /** Sends all events of this many further alerts, or of all remaining ones; resolves once each was accepted. */
  async send(count = this.#alerts.length): Promise<void> {
    const alerts = this.#alerts.splice(0, count);
    const sender = async () => {
      for (let alert = alerts.shift(); alert !== undefined; alert = alerts.shift()) await this.#sendAlert(alert);
    };
    await Promise.all(Array.from({ length: this.#options.senders }, sender));
    if (this.#alerts.length === 0) this.#agent.destroy();
  }

  /** Stops all senders. */
  end(): void {
    this.#ended = true;
  }

  /** Adds the events received by the simulator since the last call to the ledger. */
  async collect(): Promise<void> {
    const response = await fetch(
      `${this.#options.simulatorUrl}/_control/events?format=ndjson&headers=false&accepted=true&after=${this.#after}`,
    );
    for (const line of (await response.text()).split('\n')) {
      if (line === '') continue;
      const { sequence, dedupKey, body } = arrival.parse(JSON.parse(line));
      this.#after = Math.max(this.#after, sequence);
      if (dedupKey?.startsWith(`${this.prefix}-`) !== true) continue;
      this.ledger.recordDelivered(dedupKey, event.parse(JSON.parse(body)).payload.custom_details.sequence);
    }
  }

  /** Resolves once all accepted events, of all or of the selected routing keys, have arrived at the simulator. */
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
    const { routingKeys: keys, eventsPerAlert, pauseMs = 0 } = this.#options;
    const dedupKey = `${this.prefix}-${alert}`;
    const routingKey = keys[alert % keys.length];
    for (let sequence = 0; sequence < eventsPerAlert && !this.#ended; sequence += 1) {
      const body = JSON.stringify({
        routing_key: routingKey,
        event_action: ACTIONS[sequence % ACTIONS.length],
        dedup_key: dedupKey,
        payload: { summary: 'Disk is full', source: 'db1', severity: 'critical', custom_details: { sequence } },
      });
      this.ledger.recordSent(dedupKey, sequence);
      const accepted = await waitUntil(async () => this.#ended || (await this.#post(body)), {
        what: 'a 202',
        timeoutMs: 240_000,
        intervalMs: 100,
      });
      if (typeof accepted === 'string') {
        this.ledger.recordAccepted(dedupKey, sequence);
        this.ids.set(accepted, { alert: dedupKey, sequence });
      }
      if (pauseMs > 0) await delay(pauseMs);
    }
  }

  /** Resolves with the id of the event, if it was answered with 202. */
  #post(body: string): Promise<string | undefined> {
    return new Promise((resolve) => {
      const settle = (status: number, id = '') => {
        if (status === 202) this.#accepted += 1;
        else this.#refused += 1;
        resolve(status === 202 ? id : undefined);
      };
      const posting = request(
        `${this.#options.gatewayUrl}/v2/enqueue`,
        { method: 'POST', agent: this.#agent },
        (response) => {
          const id = response.headers['x-pdaltagent-event-id'];
          response.resume().once('end', () => settle(response.statusCode ?? 0, String(id)));
        },
      );
      posting.once('error', () => settle(0));
      posting.setHeader('content-type', 'application/json');
      posting.end(body);
    });
  }
}
