import { type Clock } from '@pdaltagent/clock';
import { type SendStatus } from '@pdaltagent/messaging';
import { Drain, type Keyed, type SpooledEvent } from './drain';
import { LaneChannel } from './lane-channel';
import { LaneDrains } from './lane-drains';
import { type Cause, type LaneLimits, type LanePorts, type Mode, type UnpublishableReason } from './lane-ports';
import { type ReadAhead } from './read-ahead';
import { SequenceMap } from './sequence-map';
import { SpoolWriter } from './spool-writer';

const LANE_SHARE = 1 / 4;
/** Share of the events in flight that may be from orphaned spools: the lane's own events must not wait for them. */
const ORPHANS_SHARE = 1 / 2;
/** If the lane has at most this many spooled events, new events wait in memory until they are drained. */
const HOLD_EVENTS = 500;
const HOLD_MS = 2_000;
/** New events are spooled at once for this long after held events had to be spooled; milliseconds. */
const HOLD_PAUSE_MS = 1_000;

/**
 * Publishes one lane's events in the order in which they were accepted, through the spool if necessary. Does no I/O: channel,
 * spool and clock are passed in.
 *
 * In direct mode an event is sent at once and answered when it is confirmed. If the channel is lost, does not confirm in time or
 * refuses an event, everything unconfirmed is spooled and answered, and new events are spooled too. The spool is drained once
 * nothing that was sent before can be confirmed any more, or all of it has been. So events are always resent from the oldest
 * unconfirmed one on, in sequence: duplicates that arrive late cannot change the order of first arrivals.
 */
export class LaneForwarder<Event extends Keyed, Failure, Source> {
  readonly #ports: LanePorts<Event, Failure, Source>;
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #confirmTimeoutMs: number;
  readonly #readAhead: ReadAhead;
  /** Maximum unconfirmed events in memory. */
  readonly #share: number;
  readonly #channel: LaneChannel<Event>;
  readonly #remaining: () => number;
  readonly #drains: LaneDrains<Event, Source>;
  readonly #spoolWriter: SpoolWriter<Event, Failure>;
  #mode: Mode = 'spool';
  #isModeReported = false;
  /** Sent and unconfirmed, and not in the spool. */
  readonly #direct = new SequenceMap<{ readonly event: Event; readonly sentAt: number }>();
  /** Accepted, and held in memory until they can be sent. */
  readonly #held = new SequenceMap<{ readonly event: Event; readonly since: number }>();
  #noHoldUntil = -Infinity;
  /** Whether orphaned events are sent next. */
  #orphansNext = false;

  constructor(
    ports: LanePorts<Event, Failure, Source>,
    limits: LaneLimits,
    clock: Pick<Clock, 'monotonic'>,
    sources: { readonly own: Source; readonly legacy?: Source | undefined },
    /** Shared by all lanes. */
    readAhead: ReadAhead,
  ) {
    this.#ports = ports;
    this.#readAhead = readAhead;
    this.#clock = clock;
    this.#confirmTimeoutMs = limits.confirmTimeoutMs;
    this.#share = Math.ceil(limits.maxInFlight * LANE_SHARE);
    this.#channel = new LaneChannel((...sent) => ports.send(...sent), clock, this.#share);
    const { own, legacy } = sources;
    this.#remaining = () => (legacy === undefined ? 0 : ports.remaining(legacy)) + ports.remaining(own);
    this.#spoolWriter = new SpoolWriter({
      store: (sequence, event) => ports.store(sequence, event),
      respond: (sequence, result) => ports.respond(sequence, result),
      erase: (sequence, bytes) => ports.erase(own, sequence, bytes),
    });
    this.#drains = new LaneDrains({
      ...sources,
      drainOf: (source, from) => this.#drainOf(source, from),
      onDrained: (source) => ports.onDrained(source),
    });
  }

  /** Number of events that are sent, or held in memory to be sent, and not confirmed yet. */
  get unconfirmed(): number {
    return this.#notDurable + this.#drains.inFlight;
  }

  /** Accepts an event; its sequence must be higher than all before. Later calls `respond`. */
  accept(sequence: number, event: Event): void {
    if (this.#mode === 'direct') {
      if (this.#held.size === 0 && this.#inFlight < this.#channel.window) {
        if (this.#sendDirect(sequence, event)) return;
      } else if (this.#notDurable < this.#share) return this.#hold(sequence, event);
      else this.#change('spool', 'busy');
    } else if (this.#canHold()) return this.#hold(sequence, event);
    this.#storeHeld();
    this.#store(sequence, event);
  }

  /** Drains an orphaned spool concurrently with the lane's own events: there is no order between instances. */
  drainOrphan(source: Source): void {
    this.#drains.addOrphan(source);
    this.#advance();
  }

  /** The lane has a channel. @param isBlocked whether the broker has blocked its connection */
  onOpened(isBlocked: boolean): void {
    this.#channel.onOpened(isBlocked);
    this.#advance();
  }

  /**
   * The lane's channel was lost.
   * @param refusal the broker's reason, if it closed the channel because of an event that was sent over it
   */
  onLost(refusal?: string): void {
    this.#channel.onLost();
    if (refusal !== undefined) this.#onRefusal({ problem: 'refused', detail: refusal });
    this.#switchToSpool(refusal === undefined ? 'away' : 'refused');
    this.#spoolWriter.onChannelLost();
    this.#drains.restart();
  }

  onBlocked(): void {
    if (this.#channel.onBlocked()) this.#switchToSpool('blocked');
  }

  onUnblocked(): void {
    if (!this.#channel.onUnblocked()) return;
    this.#spoolWriter.resetTimeouts(this.#clock.monotonic());
    this.#drains.resetTimeouts();
    this.#advance();
  }

  onStored(sequence: number, bytes: number): void {
    this.#spoolWriter.onStored(sequence, bytes);
    this.#drains.onEntryAdded();
    this.#advance();
  }

  onNotStored(sequence: number, failure: Failure): void {
    this.#spoolWriter.onNotStored(sequence, failure);
    this.#advance();
  }

  /** The entries read from a spool, oldest first. */
  onEntriesRead(source: Source, entries: readonly SpooledEvent<Event>[]): void {
    this.#drains.onEntriesRead(source, entries);
    this.#advance();
  }

  /** Whether nothing is left to do: until the next call of anything else, `tick` need not be called. */
  get isAtRest(): boolean {
    return this.#mode === 'direct' && this.unconfirmed === 0 && this.#spoolWriter.isSettled && this.#drains.isAtRest;
  }

  /** Must be called periodically, unless the lane is at rest. */
  tick(): void {
    const now = this.#clock.monotonic();
    if (this.#channel.canSend) {
      const oldest = [this.#spoolWriter.oldestSentAt, this.#drains.oldestSentAt];
      const direct = this.#direct.first;
      if (oldest.some((sentAt) => sentAt !== undefined && this.#channel.isSilent(sentAt))) {
        this.#ports.reopen();
        this.onLost();
      } else if (direct !== undefined && direct.sentAt <= now - this.#confirmTimeoutMs) this.#switchToSpool('slow');
    }
    if (this.#mode === 'spool') this.#spoolOverdue(now);
    this.#drains.rescan();
    this.#advance();
  }

  get #notDurable(): number {
    return this.#direct.size + this.#held.size;
  }

  /** Events sent and not settled. */
  get #inFlight(): number {
    return this.#direct.size + this.#spoolWriter.unsettled + this.#drains.inFlight;
  }

  /** Whether an event can be expected to be confirmed soon, so that it need not be spooled. */
  #canHold(): boolean {
    if (this.#notDurable >= this.#share) return false;
    if (this.#channel.isStarting) return true;
    if (!this.#channel.canSend || this.#spoolWriter.unsettled > 0) return false;
    return this.#clock.monotonic() >= this.#noHoldUntil && this.#remaining() <= HOLD_EVENTS;
  }

  #spoolOverdue(now: number): void {
    const first = this.#held.first;
    if (first === undefined || this.#channel.isStarting) return;
    if (this.#channel.canSend && now - first.since <= HOLD_MS) return;
    this.#noHoldUntil = now + HOLD_PAUSE_MS;
    this.#storeHeld();
  }

  /**
   * Sends what may be sent. If events are sent one by one to find the one that is refused, own and orphaned events alternate,
   * because it may be either.
   */
  #advance(): void {
    if (!this.#channel.canSend) return;
    if (this.#orphansNext) this.#advanceOrphans();
    this.#advanceOwn();
    this.#advanceOrphans();
  }

  #advanceOwn(): void {
    if (this.#mode === 'direct') return this.#sendHeld();
    // Events sent before may still be confirmed, or may not be in the spool yet.
    if (this.#direct.size > 0 || !this.#spoolWriter.isSettled) return;
    if (this.#drains.pumpOwn(this.#channel.window - this.#drains.orphansInFlight)) this.#switchToDirect();
  }

  #advanceOrphans(): void {
    const { window } = this.#channel;
    const { orphansInFlight } = this.#drains;
    const others = this.#inFlight - orphansInFlight;
    this.#drains.pumpOrphans(Math.min(Math.ceil(window * ORPHANS_SHARE), window - others));
  }

  #switchToDirect(): void {
    this.#change('direct', undefined);
    this.#drains.restartOwn();
    this.#sendHeld();
  }

  #sendHeld(): void {
    if (this.#held.size === 0 || this.#inFlight >= this.#channel.window) return;
    for (const [sequence, { event }] of this.#held.entries()) {
      if (this.#inFlight >= this.#channel.window || this.#mode === 'spool') return;
      // If it cannot be sent, it is spooled with the others that are held, and before them.
      if (this.#sendDirect(sequence, event)) this.#held.delete(sequence);
    }
  }

  /** False if the event has to be spooled. */
  #sendDirect(sequence: number, event: Event): boolean {
    const sent = this.#send(event, 'memory', (isConfirmed) => this.#onSettled(sequence, isConfirmed));
    switch (sent) {
      case 'sent':
        this.#direct.set(sequence, { event, sentAt: this.#clock.monotonic() });
        return true;
      case 'unencodable':
        this.#quarantine(sequence, event, { problem: 'unencodable' });
        return true;
      case 'ended':
        this.#switchToSpool('away');
        return false;
    }
  }

  #send(event: Event, from: 'memory' | 'spool' | 'orphan', onSettled: (isConfirmed: boolean) => void): SendStatus {
    this.#orphansNext = from !== 'orphan';
    return this.#channel.send(event, from !== 'memory', (settlement) => {
      onSettled(settlement === 'confirmed');
      this.#advance();
    });
  }

  #onSettled(sequence: number, isConfirmed: boolean): void {
    if (this.#spoolWriter.onSettled(sequence, isConfirmed)) return;
    if (isConfirmed) {
      this.#direct.delete(sequence);
      this.#ports.respond(sequence, 'durable');
    } else {
      this.#switchToSpool('refused');
      this.#spoolWriter.onRefused(sequence);
    }
  }

  /** The broker closed the channel because of one of the events in flight. AMQP does not say which. */
  #onRefusal(reason: UnpublishableReason): void {
    const inFlight = this.#inFlight;
    if (inFlight !== 1) {
      this.#channel.sendOneByOne(inFlight);
      return;
    }
    this.#drains.quarantineInFlight(reason);
    for (const [sequence, { event }] of this.#direct.entries()) {
      this.#direct.delete(sequence);
      this.#quarantine(sequence, event, reason);
    }
  }

  #quarantine(sequence: number, event: Event, reason: UnpublishableReason): void {
    this.#ports.quarantine(event, reason, (isStored) => {
      if (isStored) {
        this.#ports.respond(sequence, 'durable');
        return;
      }
      // It is found again in the spool, and quarantined as soon as that is possible.
      this.#switchToSpool('refused');
      this.#store(sequence, event);
    });
  }

  /** Spools events from now on, including those that are unconfirmed. */
  #switchToSpool(cause: Cause): void {
    if (this.#mode === 'direct') this.#change('spool', cause);
    for (const [sequence, { event, sentAt }] of this.#direct.entries())
      this.#spoolWriter.storeSent(sequence, event, sentAt);
    this.#direct.clear();
    if (this.#isModeReported) this.#storeHeld();
  }

  #change(mode: Mode, cause: Cause | undefined): void {
    this.#mode = mode;
    this.#isModeReported = true;
    this.#ports.onModeChange(mode, cause);
  }

  #hold(sequence: number, event: Event): void {
    this.#held.set(sequence, { event, since: this.#clock.monotonic() });
    this.#advance();
  }

  #storeHeld(): void {
    for (const [sequence, { event }] of this.#held.entries()) this.#store(sequence, event);
    this.#held.clear();
  }

  #store(sequence: number, event: Event): void {
    if (!this.#isModeReported) this.#change('spool', 'start');
    this.#spoolWriter.store(sequence, event);
  }

  #drainOf(source: Source, from: 'spool' | 'orphan'): Drain<Event> {
    return new Drain<Event>(
      {
        send: (event, onSettled) => this.#send(event, from, onSettled),
        erase: ({ sequence, bytes }) => this.#ports.erase(source, sequence, bytes),
        isErased: (sequence) => this.#ports.isErased(source, sequence),
        read: (after) => this.#ports.read(source, after),
        remaining: () => this.#ports.remaining(source),
        quarantine: (event, reason, done) =>
          this.#ports.quarantine(event, reason, (isStored) => {
            done(isStored);
            this.#advance();
          }),
      },
      this.#clock,
      this.#readAhead,
    );
  }
}
