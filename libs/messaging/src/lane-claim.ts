import { type Clock, delay } from '@pdaltagent/clock';

/**
 * Which worker delivers each lane, in Redis. Lanes are named by their queues. Every call settles soon; a rejection means that it is
 * unknown.
 */
export interface LaneClaims {
  /** Replaces the claim of a lane. @returns the former one, unless it was withdrawn */
  claim(lane: string, claim: string): Promise<string | undefined>;
  /** The current claims of lanes that have one, by lane. */
  read(lanes: readonly string[]): Promise<ReadonlyMap<string, string>>;
  /** Removes this claim, if it is still the current one. */
  withdraw(lane: string, claim: string): Promise<void>;
}

/**
 * How long a lane's new owner waits if the former one may still go on: a second longer than attempts may start after the last pulse
 * of a worker that was cut off (`VALID_FOR_MS`).
 */
const WAIT_FOR_FORMER_MS = 5_000;

export interface LaneClaimOptions {
  /** The name of the lane's queue. */
  readonly lane: string;
  /** Unique. */
  readonly worker: string;
  /** How often the worker has taken lanes. */
  readonly term: number;
  /** By lane, the worker's last claim with which it began. */
  readonly begun: Map<string, string>;
  readonly claims: LaneClaims;
  readonly clock: Clock;
  /** An attempt found that another worker has or had claimed the lane, or that Redis lost the claim. */
  readonly onLost: () => void;
}

/**
 * One worker's claim of a lane. The broker's single active consumer may change without notice to the former one (a short break
 * between nodes of a cluster). So each new owner claims the lane before it delivers anything, and each attempt checks first that the
 * claim is still the current one: invariant I6.
 */
export class LaneClaim {
  readonly lane: string;
  readonly id: string;
  readonly #options: LaneClaimOptions;
  /** Whether Redis has had it: if it is absent later, another worker may have had the lane and left it, or Redis lost it. */
  #isRecorded = false;
  /** What Redis had when it refused ours, if it answered: as long as that stands, nobody has claimed the lane since. */
  #standing: string | undefined;

  constructor(options: LaneClaimOptions) {
    this.#options = options;
    this.lane = options.lane;
    this.id = `${options.worker}:${options.term}`;
  }

  /** Whether the lane was ours, and not only waited for. */
  get isMade(): boolean {
    return this.#options.begun.get(this.lane) === this.id;
  }

  /**
   * Whether what Redis has for the lane shows that nobody has claimed it since.
   * @param current its claim; undefined: none
   */
  stands(current: string | undefined): boolean {
    if (current === undefined) return !this.#isRecorded;
    return current === this.id || current === this.#standing;
  }

  /**
   * Claims the lane, to be called once the broker has made us its consumer. Resolves once the former owner starts nothing any more: at once if
   * it withdrew its claim, or was this worker, whose attempts were aborted.
   * @param signal ends the wait: resolves at once
   */
  async make(signal: AbortSignal): Promise<void> {
    const { begun, claims, clock } = this.#options;
    const madeAt = clock.monotonic();
    const isFree = await claims.claim(this.lane, this.id).then(
      (former) => {
        this.#isRecorded = true;
        return former === undefined || former === begun.get(this.lane);
      },
      () => this.#readStanding(),
    );
    const remaining = madeAt + WAIT_FOR_FORMER_MS - clock.monotonic();
    if (!isFree) await delay(clock, remaining, signal).catch(() => undefined);
    if (!signal.aborted) begun.set(this.lane, this.id);
  }

  /** Redis may accept no writes, because its memory or its disk is full, and answer reads all the same. The lane is not free. */
  async #readStanding(): Promise<false> {
    const { claims } = this.#options;
    this.#standing = await claims.read([this.lane]).then(
      (all) => all.get(this.lane),
      () => undefined,
    );
    return false;
  }

  /** No attempt of ours starts any more: the next owner need not wait, unless we still waited for the former one. */
  async withdraw(): Promise<void> {
    if (!this.isMade) return;
    await this.#options.claims.withdraw(this.lane, this.id).catch(() => undefined);
  }

  /** An attempt found that the claim does not stand. */
  lose(): void {
    this.#options.onLost();
  }
}
