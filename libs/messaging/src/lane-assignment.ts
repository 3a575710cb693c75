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

/** Decides which lanes are ours: those that hashing assigns to us, and those that have no consumer at all. */
export class LaneAssignment {
  readonly #options: LaneAssignmentOptions;
  readonly #membership: Membership;
  readonly #clock: Clock;
  /** Lanes assigned to others that we consume because nobody else did; by lane, when that was seen (monotonic). */
  readonly #claimedOrphans = new Map<number, number>();
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
    this.#claimedOrphans.clear();
    this.#stopClaiming();
    await this.#membership.join(channel);
    this.#hasJoined = true;
    this.rebalance();
    let isAsking = false;
    this.#stopClaiming = every(this.#clock, CLAIM_ORPHANS_EVERY_MS, () => {
      this.#returnOrphans();
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

  leave(): void {
    this.#hasJoined = false;
    this.#stopClaiming();
    this.#membership.leave();
  }

  /** After a change: takes lanes that are ours and not consumed yet, releases lanes that are no longer ours. */
  rebalance(): void {
    if (!this.#hasJoined) return;
    const owned = new Set(this.#options.owned());
    for (let lane = 0; lane < this.#options.laneGroup.lanes; lane += 1) {
      const ours = this.#membership.isMine(lane) || this.#claimedOrphans.has(lane);
      if (ours && !owned.has(lane)) this.#options.take(lane);
      else if (!ours && owned.has(lane)) this.#options.release(lane);
    }
  }

  /**
   * Releases a claimed lane as soon as a worker with a higher weight consumes it. That worker announces so itself: for a quorum queue
   * the broker counts the active consumer only, not the waiting ones. What it announced before does not count: it may have been killed
   * since, and in an alarm nothing tells.
   */
  #returnOrphans(): void {
    for (const [lane, claimedAt] of this.#claimedOrphans)
      if (this.#membership.isMine(lane) || this.#membership.hasBetterOwner(lane, claimedAt))
        this.#claimedOrphans.delete(lane);
    this.rebalance();
  }

  /** Claims lanes without any consumer, with never more than one request in flight. */
  async #claimOrphans(checks: Pick<QueueChecks, 'stateOf'>): Promise<void> {
    const { laneGroup } = this.#options;
    const owned = new Set(this.#options.owned());
    for (let lane = 0; lane < laneGroup.lanes; lane += 1) {
      if (this.#membership.isMine(lane) || this.#claimedOrphans.has(lane) || owned.has(lane)) continue;
      // A worker that has just taken the lane has the table only; one of an older version has no table.
      const now = this.#clock.monotonic();
      const states = [
        await checks.stateOf(laneQueue(laneGroup, lane)),
        await checks.stateOf(tableQueue(laneGroup, lane)),
      ];
      if (states.every((state) => state?.consumerCount === 0)) this.#claimedOrphans.set(lane, now);
    }
    this.rebalance();
  }
}
