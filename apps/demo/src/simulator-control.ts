import { z } from 'zod';

const arrival = z.object({
  sequence: z.number(),
  receivedAt: z.number(),
  api: z.string(),
  routingKey: z.string().nullable(),
  dedupKey: z.string().nullable(),
  action: z.string().nullable(),
  accepted: z.boolean(),
  alert: z.string(),
  body: z.string().optional(),
});
const arrivals = z.object({ events: z.array(arrival), total: z.number() });

const logEntries = z.object({
  log_entries: z.array(
    z.object({
      id: z.string(),
      type: z.string(),
      incident: z.object({ id: z.string(), dedupKey: z.string().nullable() }).nullish(),
    }),
  ),
});

/** An event as received by the simulated PagerDuty. */
export type ReceivedEvent = z.infer<typeof arrival>;
export type SimulatedLogEntry = z.infer<typeof logEntries>['log_entries'][number];

/** A client for the simulator's control API. */
export class SimulatorControl {
  constructor(readonly url: string) {}

  /** Events received after the sequence number; waits up to `waitMs` for the first one. */
  async eventsAfter(sequence: number, waitMs = 0): Promise<ReceivedEvent[]> {
    const wait = waitMs > 0 ? `&waitFor=1&timeoutMs=${waitMs}` : '';
    const result = await this.#call('GET', `/events?after=${sequence}&limit=100000&headers=false${wait}`);
    return arrivals.parse(result).events;
  }

  /** All log entries of the simulated PagerDuty. */
  async logEntries(): Promise<SimulatedLogEntry[]> {
    return logEntries.parse(await this.#call('GET', '/log_entries')).log_entries;
  }

  async addFault(rule: unknown): Promise<void> {
    await this.#call('POST', '/faults', rule);
  }

  async #call(method: string, route: string, body?: unknown): Promise<unknown> {
    const response = await fetch(`${this.url}/_control${route}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`the simulator answered ${response.status} to ${route}: ${text}`);
    return JSON.parse(text);
  }
}
