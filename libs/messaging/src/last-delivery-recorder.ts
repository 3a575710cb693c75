import { type Clock, nextTurn, SYSTEM_CLOCK } from '@pdaltagent/clock';
import { alertNameOf } from './dead-letters/alert-progress';
import { actionOf } from './dead-letters/event-action';
import { type LaneObserver } from './lane-worker-options';
import { type IncomingMessage } from './message';
import { alertOf } from './trace-responder';

/** A delivered message, as recorded for its alert. Times are milliseconds since 1970. */
export interface DeliveryRecord {
  readonly id: string;
  readonly action: string;
  readonly key: string;
  readonly acceptedAt: number;
  readonly deliveredAt: number;
  readonly alert: string;
  readonly name: string;
}

/** Stores the latest delivery of each alert. Settles or rejects within a short time. */
export interface LastDeliveries {
  record(deliveries: readonly DeliveryRecord[]): Promise<void>;
}

/** Records each delivery for its alert, so that a trace of the alert finds it. Without Redis nothing is recorded. */
export class LastDeliveryRecorder {
  readonly #deliveries: LastDeliveries;
  readonly #shownKeyOf: (routingKey: string) => string;
  readonly #clock: Clock;
  #pending: DeliveryRecord[] = [];
  #recording: Promise<void> = Promise.resolve();

  /** @param shownKeyOf masks a routing key for display */
  constructor(deliveries: LastDeliveries, shownKeyOf: (routingKey: string) => string, clock: Clock = SYSTEM_CLOCK) {
    this.#deliveries = deliveries;
    this.#shownKeyOf = shownKeyOf;
    this.#clock = clock;
  }

  /** Wraps an observer, so that its deliveries are recorded as well. */
  observe(observer: LaneObserver): LaneObserver {
    return {
      ...observer,
      delivered: (message) => {
        observer.delivered(message);
        this.#add(message);
      },
    };
  }

  /** Waits for writes in progress. */
  stop(): Promise<void> {
    return this.#recording;
  }

  #add(message: IncomingMessage): void {
    const alert = alertOf(message);
    const name = alertNameOf(message);
    if (alert === undefined || name === undefined) return;
    const { id, routingKey, receivedAt, originalReceivedAt = receivedAt } = message;
    this.#pending.push({
      id,
      alert,
      name,
      action: actionOf(message),
      key: this.#shownKeyOf(routingKey),
      acceptedAt: originalReceivedAt,
      deliveredAt: this.#clock.wall(),
    });
    if (this.#pending.length > 1) return;
    // Deliveries of one turn of the event loop are recorded together.
    this.#recording = new Promise<void>((resolve) => nextTurn(resolve)).then(() => {
      const deliveries = this.#pending;
      this.#pending = [];
      return this.#deliveries.record(deliveries).catch(() => undefined);
    });
  }
}
