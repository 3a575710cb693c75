import { delay } from '@pdaltagent/clock';
import { type Scheduler } from '../scheduler';
import { SeededRandom } from '../seeded-random';
import { SimulatedProcess } from '../simulated-process';
import { type Action, bodyOf, idOf, messageOf, type SimulatedEvent } from './event';
import { type Gateway } from './gateway';
import { type Windows } from './windows';

/** An event that was answered with 202. */
export interface AcceptedEvent {
  /** Of the message with which it was accepted: its sender may have sent others before, which were not. */
  readonly id: string;
  readonly event: SimulatedEvent;
  readonly at: number;
}

const REQUEST_TIMEOUT_MS = 30_000;
const RETRY_MS = 500;
/** Between two events of an alert, on average; ms. */
const PAUSE_MS = 2_500;
/** Of a noisy alert: events of a burst, and the pause between these. */
const BURST = 12;
const BURST_PAUSE_MS = 40;
const ACTIONS: readonly Action[] = ['trigger', 'acknowledge', 'trigger', 'resolve'];

export interface SendersOptions {
  readonly keys: readonly string[];
  /** When the last events are sent, for as long as they are accepted; ms. */
  readonly untilMs: number;
}

/** Senders, one for each alert: they send its events one after another, each until it is accepted, to the same gateway. */
export class Senders {
  readonly accepted: AcceptedEvent[] = [];
  /** Every event that was sent, by message id. */
  readonly sent = new Map<string, SimulatedEvent>();
  readonly #scheduler: Scheduler;
  readonly #windows: Windows;
  readonly #process: SimulatedProcess;

  constructor(scheduler: Scheduler, windows: Windows) {
    this.#windows = windows;
    this.#scheduler = scheduler;
    this.#process = new SimulatedProcess(scheduler, 'senders');
  }

  /** Resolves once all have sent everything. */
  async run(gateways: readonly Gateway[], { keys, untilMs }: SendersOptions): Promise<void> {
    const alerts = keys.flatMap((routingKey, key) =>
      Array.from({ length: this.#windows.alertsPerKey }, (_, index) => ({
        routingKey,
        alert: `alert-${key}.${index}`,
      })),
    );
    await Promise.all(
      alerts.map(({ routingKey, alert }, index) => {
        const gateway = gateways[index % gateways.length];
        return gateway === undefined ? Promise.resolve() : this.#sendAlert(gateway, routingKey, alert, untilMs);
      }),
    );
  }

  async #sendAlert(gateway: Gateway, routingKey: string, alert: string, untilMs: number): Promise<void> {
    const random = new SeededRandom(this.#scheduler.seed, alert);
    // Noisy alerts send bursts that fill a lane's window.
    const isNoisy = random.fraction() < this.#windows.noisy;
    const { clock } = this.#process;
    for (let index = 0; this.#scheduler.now < untilMs && index < this.#windows.mostEvents; index += 1) {
      await delay(clock, random.fraction() * 2 * (isNoisy && index % BURST > 0 ? BURST_PAUSE_MS : PAUSE_MS));
      const draw = random.fraction();
      const poison = draw < 0.01 ? 'rejected' : draw < 0.015 ? 'too large' : draw < 0.02 ? 'unencodable' : undefined;
      const action = ACTIONS[random.below(ACTIONS.length)] ?? 'trigger';
      await this.#send(gateway, { routingKey, alert, index, action, poison });
    }
  }

  /** Sends it until it is answered with 202. */
  async #send(gateway: Gateway, event: SimulatedEvent): Promise<void> {
    const { clock } = this.#process;
    const body = bodyOf(event);
    for (let attempt = 0; ; attempt += 1) {
      const id = idOf(event, attempt);
      this.sent.set(id, event);
      this.#scheduler.note(`the sender posts ${event.action} ${id} to ${gateway.name}`);
      const response = await gateway.submit(messageOf(event, attempt, clock.wall(), body), REQUEST_TIMEOUT_MS);
      this.#scheduler.note(`the sender gets ${response} for ${event.action} ${id}`);
      if (response === '202') {
        this.accepted.push({ id, event, at: this.#scheduler.now });
        return;
      }
      await delay(clock, RETRY_MS);
    }
  }
}
