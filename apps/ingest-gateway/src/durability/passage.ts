import { Drain, type Keyed, type Spooled } from './drain';
import { type Cause, type Mode, type PassageLimits, type PassagePorts } from './passage-ports';
import { SequenceMap } from './sequence-map';

/** So few events left: new ones wait in memory for the rest to go, or the spool would never be empty under load. */
const HAND_OVER_EVENTS = 500;
const HAND_OVER_MS = 2_000;
/** After a hand-over that took too long; milliseconds. */
const HAND_OVER_PAUSE_MS = 1_000;

/**
 * Takes events to the broker in the order in which they were accepted, by way of the spool where need be. Pure: the
 * connection, the spool and the clock are outside.
 *
 * Spooling is a mode of the whole connection. When it begins, all that is unconfirmed is spooled too, and every new event goes
 * behind it. It drains only when nothing that was sent before can still arrive: each is confirmed, or its connection closed.
 * Sequences grow in the order of acceptance, and the spool is ordered by them, whenever an event enters it.
 */
export class Passage<Event extends Keyed, Failure> {
  readonly #ports: PassagePorts<Event, Failure>;
  readonly #limits: PassageLimits;
  readonly #drain: Drain<Event>;
  #mode: Mode = 'spool';
  #isAnnounced = false;
  #way: 'open' | 'blocked' | 'closing' | 'none' = 'none';
  /** Sent, unconfirmed, and nowhere else. */
  readonly #direct = new SequenceMap<{ readonly event: Event; sentAt: number }>();
  /** Sent, unconfirmed, and spooled since: a late confirm erases the entry. */
  readonly #late = new SequenceMap<{ sentAt: number; bytes: number | undefined }>();
  readonly #storing = new SequenceMap<{ readonly isOlder: boolean; isConfirmed: boolean }>();
  #older = 0;
  /** Accepted during a hand-over: wait in memory for the last of the spool. */
  readonly #held = new SequenceMap<Event>();
  #handingOverSince: number | undefined;
  #handOverNotBefore = 0;

  constructor(ports: PassagePorts<Event, Failure>, limits: PassageLimits) {
    this.#ports = ports;
    this.#limits = limits;
    this.#drain = new Drain({
      send: ({ sequence, event }) => ports.send(sequence, event, true),
      erase: ({ sequence, bytes }) => ports.erase(sequence, bytes),
      read: (after) => ports.read(after),
    });
  }

  get mode(): Mode {
    return this.#mode;
  }

  /** Events sent, or waiting in memory to be sent, that are not durable yet. */
  get unconfirmed(): number {
    return this.#direct.size + this.#held.size + this.#drain.inFlight;
  }

  /** Takes an event; its sequence is higher than those before. Later: `answer`. */
  accept(sequence: number, event: Event, now: number): void {
    if (this.#mode === 'direct') {
      if (this.#direct.size >= this.#limits.maxInFlight) this.#change('spool', 'busy');
      else if (this.#sendDirect(sequence, event, now)) return;
      else this.#giveUp('away', now);
    }
    if (this.#handingOverSince !== undefined) {
      if (this.#held.size < this.#limits.maxInFlight) {
        this.#held.set(sequence, event);
        return;
      }
      this.#stopHandOver(now);
    }
    this.#store(sequence, event, false);
  }

  /** Puts an event that another instance left behind into the spool, and with it all that come after. */
  adopt(sequence: number, event: Event, now: number): void {
    if (this.#mode === 'direct') this.#change('spool', 'left behind');
    this.#stopHandOver(now);
    this.#store(sequence, event, false);
  }

  opened(now: number): void {
    this.#way = 'open';
    this.#advance(now);
  }

  lost(now: number): void {
    this.#way = 'none';
    this.#giveUp('away', now);
    this.#late.clear();
    this.#drain.restart();
  }

  blocked(now: number): void {
    if (this.#way !== 'open') return;
    this.#way = 'blocked';
    this.#giveUp('blocked', now);
  }

  unblocked(now: number): void {
    if (this.#way !== 'blocked') return;
    this.#way = 'open';
    for (const [, late] of this.#late.entries()) late.sentAt = now;
    this.#drain.refresh(now);
    this.#advance(now);
  }

  /** The broker confirmed an event that was sent, or would not have it. */
  settled(sequence: number, isConfirmed: boolean, now: number): void {
    if (this.#direct.has(sequence)) {
      if (isConfirmed) {
        this.#direct.delete(sequence);
        this.#ports.answer(sequence, 'durable');
      } else {
        this.#giveUp('refused', now);
        this.#late.delete(sequence);
      }
    } else if (this.#late.has(sequence)) this.#settleLate(sequence, isConfirmed);
    else this.#drain.settled(sequence, isConfirmed, now);
    this.#advance(now);
  }

  stored(sequence: number, bytes: number, now: number): void {
    const storing = this.#stopStoring(sequence);
    if (storing?.isConfirmed === true) this.#ports.erase(sequence, bytes);
    else {
      this.#ports.answer(sequence, 'durable');
      const late = this.#late.get(sequence);
      if (late !== undefined) late.bytes = bytes;
    }
    this.#drain.grown();
    this.#advance(now);
  }

  notStored(sequence: number, failure: Failure, now: number): void {
    const storing = this.#stopStoring(sequence);
    if (storing?.isConfirmed !== true) this.#ports.answer(sequence, { failure });
    this.#advance(now);
  }

  /** What was read from the spool, oldest first. */
  read(entries: readonly Spooled<Event>[], now: number): void {
    this.#drain.take(entries);
    this.#advance(now);
  }

  /** To be called now and then. */
  tick(now: number): void {
    if (this.#way === 'open') {
      const tooOld = now - this.#limits.confirmTimeoutMs;
      const isTooOld = (sentAt: number | undefined): boolean => sentAt !== undefined && sentAt <= tooOld;
      if (isTooOld(this.#late.first?.sentAt) || isTooOld(this.#drain.oldestSentAt)) {
        this.#way = 'closing';
        this.#giveUp('slow', now);
        this.#ports.renew();
      } else if (isTooOld(this.#direct.first?.sentAt)) this.#giveUp('slow', now);
    }
    if (this.#handingOverSince !== undefined && now - this.#handingOverSince > HAND_OVER_MS) this.#stopHandOver(now);
    this.#drain.lookAgain();
    this.#advance(now);
  }

  /** Goes on with the drain, or ends it, where nothing that was sent before can still arrive. */
  #advance(now: number): void {
    if (this.#mode === 'direct' || this.#way !== 'open') return;
    if (this.#direct.size + this.#late.size + this.#older > 0) return;
    const entries = this.#ports.entries();
    if (entries === 0 && this.#drain.inFlight === 0) {
      this.#goDirect(now);
      return;
    }
    if (entries <= HAND_OVER_EVENTS && now >= this.#handOverNotBefore) this.#handingOverSince ??= now;
    this.#drain.pump(now);
  }

  #goDirect(now: number): void {
    this.#change('direct', undefined);
    this.#handingOverSince = undefined;
    this.#drain.restart();
    for (const [sequence, event] of this.#held.entries()) {
      if (!this.#sendDirect(sequence, event, now)) {
        this.#giveUp('away', now);
        return;
      }
      this.#held.delete(sequence);
    }
  }

  #sendDirect(sequence: number, event: Event, now: number): boolean {
    if (!this.#ports.send(sequence, event, false)) {
      this.#way = 'none';
      return false;
    }
    this.#direct.set(sequence, { event, sentAt: now });
    return true;
  }

  #change(mode: Mode, cause: Cause | undefined): void {
    this.#mode = mode;
    this.#isAnnounced = true;
    this.#ports.changed(mode, cause);
  }

  /** From now on the spool serves, and what is unconfirmed enters it too. */
  #giveUp(cause: Cause, now: number): void {
    if (this.#mode === 'direct') this.#change('spool', cause);
    for (const [sequence, { event }] of this.#direct.entries()) {
      this.#late.set(sequence, { sentAt: now, bytes: undefined });
      this.#store(sequence, event, true);
    }
    this.#direct.clear();
    this.#stopHandOver(now);
  }

  #stopHandOver(now: number): void {
    if (this.#handingOverSince !== undefined) this.#handOverNotBefore = now + HAND_OVER_PAUSE_MS;
    this.#handingOverSince = undefined;
    for (const [sequence, event] of this.#held.entries()) this.#store(sequence, event, false);
    this.#held.clear();
  }

  #store(sequence: number, event: Event, isOlder: boolean): void {
    if (!this.#isAnnounced) this.#change('spool', 'start');
    this.#storing.set(sequence, { isOlder, isConfirmed: false });
    if (isOlder) this.#older += 1;
    this.#ports.store(sequence, event);
  }

  #stopStoring(sequence: number): { readonly isConfirmed: boolean } | undefined {
    const storing = this.#storing.get(sequence);
    this.#storing.delete(sequence);
    if (storing?.isOlder === true) this.#older -= 1;
    return storing;
  }

  #settleLate(sequence: number, isConfirmed: boolean): void {
    const late = this.#late.get(sequence);
    this.#late.delete(sequence);
    if (!isConfirmed) return;
    const storing = this.#storing.get(sequence);
    if (storing !== undefined) {
      storing.isConfirmed = true;
      this.#ports.answer(sequence, 'durable');
    } else if (late?.bytes !== undefined) this.#ports.erase(sequence, late.bytes);
  }
}
