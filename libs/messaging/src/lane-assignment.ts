import { type Clock, every, type Random, SYSTEM_CLOCK } from '@pdaltagent/clock';
import { type Channel } from 'amqplib';
import { Membership, type MembershipOptions } from './membership';
import { type QueueChecks } from './queue-checks';
import { type LaneGroup, laneQueue, tableQueue } from './topology';

const CLAIM_ORPHANS_EVERY_MS = 3_000;

export interface LaneAssignmentOptions extends Pick<MembershipOptions, 'announce' | 'consumed' | 'parked'> {
  readonly laneGroup: LaneGroup;
  readonly take: (lane: number) => void;
  readonly release: (lane: number) => void;
  /** Lanes that were taken and not released. */
  readonly owned: () => Iterable<number>;
  readonly clock?: Clock | undefined;
  readonly random?: Random | undefined;
}

/**
 * Decides which lanes are ours: those that hashing assigns to us, and those that have no consumer at all. One that hashing assigns to
 * another worker is kept until that worker waits for it: it may be unable to consume anything.
 */
export class LaneAssignment {
  readonly #options: LaneAssignmentOptions;
  readonly #membership: Membership;
  readonly #clock: Clock;
  /** Since when lanes are ours (monotonic). */
  readonly #taken = new Map<number, number>();
  #stopClaiming: () => void = () => undefined;
  #hasJoined = false;

  constructor(options: LaneAssignmentOptions) {
    this.#options = options;
    this.#clock = options.clock ?? SYSTEM_CLOCK;
    this.#membership = new Membership({
      group: options.laneGroup.exchange,
      announce: options.announce,
      onChange: () => this.rebalance(),
      consumed: options.consumed,
      parked: options.parked,
      clock: options.clock,
      random: options.random,
    });
  }

  async join(
    channel: Pick<Channel, 'assertQueue' | 'bindQueue' | 'consume'>,
    checks: Pick<QueueChecks, 'stateOf'>,
  ): Promise<void> {
    this.#taken.clear();
    this.#stopClaiming();
    await this.#membership.join(channel);
    this.#hasJoined = true;
    this.rebalance();
    let isAsking = false;
    this.#stopClaiming = every(this.#clock, CLAIM_ORPHANS_EVERY_MS, () => {
      this.rebalance();
      // The broker may not reply for long.
      if (isAsking) return;
      isAsking = true;
      void this.#claimOrphans(checks).finally(() => (isAsking = false));
    });
  }

  /** Whether a lane's last owner may have been a worker of a version without tables. */
  get hasHeardOlder(): boolean {
    return this.#membership.hasHeardOlder;
  }

  /** The most unacknowledged messages of a lane that is taken now: no more than an older worker has, while one may take it next. */
  get lanePrefetch(): number {
    const { laneGroup } = this.#options;
    return this.hasHeardOlder ? laneGroup.formerPrefetch : laneGroup.prefetch;
  }

  leave(): void {
    this.#hasJoined = false;
    this.#stopClaiming();
    this.#membership.leave();
  }

  /** Tells the others soon which lanes we consume, as active consumer or waiting. */
  announceSoon(): void {
    this.#membership.announceSoon();
  }

  /** After a change: takes lanes that are ours and not consumed yet, releases lanes that are no longer ours. */
  rebalance(): void {
    if (!this.#hasJoined) return;
    const owned = new Set(this.#options.owned());
    for (let lane = 0; lane < this.#options.laneGroup.lanes; lane += 1) {
      const isMine = this.#membership.isMine(lane);
      if (isMine && !this.#taken.has(lane)) this.#taken.set(lane, this.#clock.monotonic());
      if (!isMine && this.#isAwaited(lane)) this.#taken.delete(lane);
      const isTaken = this.#taken.has(lane);
      if (isTaken && !owned.has(lane)) this.#options.take(lane);
      else if (!isTaken && owned.has(lane)) this.#options.release(lane);
    }
  }

  /**
   * Whether a worker with a higher weight waits for the lane. That worker announces so itself: for a quorum queue the broker counts
   * the active consumer only, not the waiting ones. What it announced before we took the lane does not count: it may have been killed
   * since, and in an alarm nothing tells.
   */
  #isAwaited(lane: number): boolean {
    const since = this.#taken.get(lane);
    return since !== undefined && this.#membership.hasBetterOwner(lane, since);
  }

  /** Claims lanes without any consumer, with never more than one request in flight. */
  async #claimOrphans(checks: Pick<QueueChecks, 'stateOf'>): Promise<void> {
    const { laneGroup } = this.#options;
    const owned = new Set(this.#options.owned());
    for (let lane = 0; lane < laneGroup.lanes; lane += 1) {
      if (this.#taken.has(lane) || owned.has(lane)) continue;
      // A worker that has just taken the lane has the table only; one of an older version has no table.
      const now = this.#clock.monotonic();
      const states = [
        await checks.stateOf(laneQueue(laneGroup, lane)),
        await checks.stateOf(tableQueue(laneGroup, lane)),
      ];
      if (states.every((state) => state?.consumerCount === 0)) this.#taken.set(lane, now);
    }
    this.rebalance();
  }
}
