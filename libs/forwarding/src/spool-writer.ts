import { type LanePorts } from './lane-ports';
import { SequenceMap } from './sequence-map';

/** An event that was spooled after it had been sent: the broker may still confirm it. */
interface UnsettledEvent {
  sentAt: number;
  /** Its size in the spool, once it is stored. */
  bytes: number | undefined;
}

export interface SpoolWriterPorts<Event, Failure> extends Pick<LanePorts<Event, Failure, never>, 'store' | 'respond'> {
  /** Erases an entry of the lane's own spool. */
  erase(sequence: number, bytes: number): void;
}

/** Writes a lane's events to its spool. Each event is answered once: when it is stored, or if it is confirmed before that. */
export class SpoolWriter<Event, Failure> {
  readonly #ports: SpoolWriterPorts<Event, Failure>;
  readonly #unsettled = new SequenceMap<UnsettledEvent>();
  readonly #storing = new SequenceMap<{ readonly wasSent: boolean; isConfirmed: boolean }>();
  #storingSent = 0;

  constructor(ports: SpoolWriterPorts<Event, Failure>) {
    this.#ports = ports;
  }

  /** Spooled events that were sent before and may still be confirmed. */
  get unsettled(): number {
    return this.#unsettled.size;
  }

  get oldestSentAt(): number | undefined {
    return this.#unsettled.first?.sentAt;
  }

  /** Whether everything that was sent is in the spool, and none of it can be confirmed any more. */
  get isSettled(): boolean {
    return this.#unsettled.size + this.#storingSent === 0;
  }

  /** Stores an event. */
  store(sequence: number, event: Event): void {
    this.#store(sequence, event, false);
  }

  /** Stores an event that was sent and may still be confirmed. */
  storeSent(sequence: number, event: Event, sentAt: number): void {
    this.#unsettled.set(sequence, { sentAt, bytes: undefined });
    this.#store(sequence, event, true);
  }

  onStored(sequence: number, bytes: number): void {
    if (this.#finishStoring(sequence)?.isConfirmed === true) {
      this.#ports.erase(sequence, bytes);
      return;
    }
    const unsettled = this.#unsettled.get(sequence);
    if (unsettled !== undefined) unsettled.bytes = bytes;
    this.#ports.respond(sequence, 'durable');
  }

  onNotStored(sequence: number, failure: Failure): void {
    if (this.#finishStoring(sequence)?.isConfirmed !== true) this.#ports.respond(sequence, { failure });
  }

  /** The broker confirmed or refused an event. False if it was not spooled. */
  onSettled(sequence: number, isConfirmed: boolean): boolean {
    const unsettled = this.#unsettled.get(sequence);
    if (unsettled === undefined) return false;
    this.#unsettled.delete(sequence);
    if (!isConfirmed) return true;
    const storing = this.#storing.get(sequence);
    if (storing !== undefined) {
      storing.isConfirmed = true;
      this.#ports.respond(sequence, 'durable');
    } else if (unsettled.bytes !== undefined) this.#ports.erase(sequence, unsettled.bytes);
    return true;
  }

  /** The broker refused an event: it cannot be confirmed any more. */
  onRefused(sequence: number): void {
    this.#unsettled.delete(sequence);
  }

  /** The channel was lost: nothing that was sent over it can be confirmed any more. */
  onChannelLost(): void {
    this.#unsettled.clear();
  }

  /** Restarts the timeouts of sent events, so that the time in which the broker was blocked does not count. */
  resetTimeouts(now: number): void {
    for (const [, unsettled] of this.#unsettled.entries()) unsettled.sentAt = now;
  }

  #store(sequence: number, event: Event, wasSent: boolean): void {
    this.#storing.set(sequence, { wasSent, isConfirmed: false });
    if (wasSent) this.#storingSent += 1;
    this.#ports.store(sequence, event);
  }

  #finishStoring(sequence: number): { readonly isConfirmed: boolean } | undefined {
    const storing = this.#storing.get(sequence);
    this.#storing.delete(sequence);
    if (storing?.wasSent === true) this.#storingSent -= 1;
    return storing;
  }
}
