import { type Clock, nextTurn, SYSTEM_CLOCK } from '@pdaltagent/clock';
import { alertNameOf } from './dead-letters/alert-progress';
import { actionOf } from './dead-letters/event-action';
import { type LaneObserver } from './lane-worker-options';
import { type IncomingMessage } from './message';
import { alertOf } from './trace-responder';

/** A larger body is not parsed for its action: half a megabyte takes 12 ms, in which nothing else is sent. */
const MAX_PARSED_BYTES = 16_384;

/** A delivered message, as recorded for its alert. Times are milliseconds since 1970. */
export interface DeliveryRecord {
  readonly id: string;
  /** `?` also if the message does not state it and the body is too large to be parsed for it. */
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
  readonly #digest: (name: string) => string;
  readonly #shownKeyOf: (routingKey: string) => string;
  readonly #clock: Clock;
  #pending: IncomingMessage[] = [];
  #recording: Promise<void> = Promise.resolve();

  /**
   * @param digest what stands for the name of an alert
   * @param shownKeyOf masks a routing key for display
   */
  constructor(
    deliveries: LastDeliveries,
    digest: (name: string) => string,
    shownKeyOf: (routingKey: string) => string,
    clock: Clock = SYSTEM_CLOCK,
  ) {
    this.#deliveries = deliveries;
    this.#digest = digest;
    this.#shownKeyOf = shownKeyOf;
    this.#clock = clock;
  }

  /** Wraps an observer, so that its deliveries are recorded as well, each after its message is acknowledged. */
  observe(observer: LaneObserver): LaneObserver {
    return {
      ...observer,
      onAcknowledged: (message) => {
        observer.onAcknowledged?.(message);
        this.#add(message);
      },
    };
  }

  /** Waits for writes in progress. */
  stop(): Promise<void> {
    return this.#recording;
  }

  #add(message: IncomingMessage): void {
    if (alertOf(message) === undefined) return;
    this.#pending.push(message);
    if (this.#pending.length > 1) return;
    // In the next turn of the event loop, so that one write has them all and no other ack waits for a body to be parsed.
    const deliveredAt = this.#clock.wall();
    this.#recording = new Promise<void>((resolve) => nextTurn(resolve)).then(() => {
      const messages = this.#pending;
      this.#pending = [];
      const deliveries = messages.flatMap((delivered) => this.#recordOf(delivered, deliveredAt) ?? []);
      return this.#deliveries.record(deliveries).catch(() => undefined);
    });
  }

  #recordOf(message: IncomingMessage, deliveredAt: number): DeliveryRecord | undefined {
    const alert = alertOf(message);
    const name = alertNameOf(message, this.#digest);
    if (alert === undefined || name === undefined) return undefined;
    const { id, routingKey, receivedAt, originalReceivedAt = receivedAt, action, body } = message;
    return {
      id,
      alert,
      name,
      action: action ?? (body.length > MAX_PARSED_BYTES ? '?' : actionOf(message)),
      key: this.#shownKeyOf(routingKey),
      acceptedAt: originalReceivedAt,
      deliveredAt,
    };
  }
}
