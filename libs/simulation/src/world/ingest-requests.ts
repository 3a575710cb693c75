import { type Scheduler } from '../scheduler';
import { type SimulatedProcess } from '../simulated-process';
import { type SimulatedVolume } from './simulated-volume';

/** What a sender sees of its request: 202, why the gateway refused it, or that it got no response. */
export type IngestResponse =
  '202' | 'full' | 'failing' | 'closed' | 'connection refused' | 'connection lost' | 'none in time';

/** A sender's request to a gateway that has ended. */
export interface IngestRequest {
  readonly id: string;
  readonly gateway: string;
  readonly response: IngestResponse;
  /** When it ended; ms. */
  readonly endedAt: number;
  /** How long it took, without the time in which the gateway was paused. */
  readonly ms: number;
  /** Why it may have been refused, or got no response; undefined if nothing permits it. */
  readonly excuse: string | undefined;
  /** Whether the gateway's disk was slow, full or failed meanwhile or shortly before. */
  readonly hadDiskTrouble: boolean;
}

/** An event that a gateway has to make durable. */
interface Submission {
  readonly id: string;
  readonly lane: number;
  /** Of its record in the spool. */
  readonly bytes: number;
}

/** The gateway, its disk and its limits. */
interface GatewayUnderTest {
  readonly name: string;
  readonly volume: Pick<SimulatedVolume, 'hasFailedSince' | 'wasSlowSince' | 'records'>;
  readonly spoolBytes: number;
}

/** How long a gateway takes to open its spool; ms. */
const OPENING_MS = 1_000;
/**
 * How long a disk that works again may still be refused: the spool tries it once a second, and the supervisor starts a
 * gateway that could not open its spool again after as long; ms.
 */
const RECOVERY_MS = 2_500;
/** The share of its spool that one lane may use (docs/operations/spool.md, "When the spool is full"). */
const LANE_SHARE = 3 / 4;

/** The requests of senders to one gateway: decides when each ends whether anything documented permits its response. */
export class IngestRequests {
  readonly #scheduler: Scheduler;
  readonly #gateway: GatewayUnderTest;
  readonly #pending = new Set<Submission>();
  readonly all: IngestRequest[] = [];

  constructor(scheduler: Scheduler, gateway: GatewayUnderTest) {
    this.#scheduler = scheduler;
    this.#gateway = gateway;
  }

  /** A request is sent to the gateway's process; the result ends it, once. */
  begin(submission: Submission, process: SimulatedProcess): (response: IngestResponse) => void {
    const at = this.#scheduler.now;
    this.#pending.add(submission);
    return (response) => {
      if (!this.#pending.has(submission)) return;
      const { name, volume } = this.#gateway;
      const since = Math.max(at, process.runningSince ?? this.#scheduler.now);
      this.all.push({
        id: submission.id,
        gateway: name,
        response,
        endedAt: this.#scheduler.now,
        ms: this.#scheduler.now - since,
        excuse: this.#excuseOf(response, submission, process),
        hadDiskTrouble: volume.hasFailedSince(at - RECOVERY_MS) || volume.wasSlowSince(at - RECOVERY_MS),
      });
      this.#pending.delete(submission);
    };
  }

  #excuseOf(response: IngestResponse, submission: Submission, process: SimulatedProcess): string | undefined {
    switch (response) {
      case '202':
        return undefined;
      case 'full':
        return this.#exceedsSpool(submission) ? 'its spool is full' : this.#diskExcuseOf(process);
      case 'failing':
        return this.#diskExcuseOf(process);
      case 'closed':
        return undefined;
      case 'connection lost':
        return process.isDead ? 'its process has ended' : undefined;
      case 'connection refused':
        if (process.isDead) return 'its process has ended';
        return this.#startExcuseOf(process) ?? this.#diskExcuseOf(process);
      case 'none in time':
        return this.#startExcuseOf(process);
    }
  }

  #startExcuseOf({ runningSince }: SimulatedProcess): string | undefined {
    if (runningSince === undefined) return 'its process is paused';
    return this.#scheduler.now - runningSince <= OPENING_MS ? 'it has just started or continued' : undefined;
  }

  /** While it is paused it cannot notice that its disk works again. */
  #diskExcuseOf({ runningSince }: SimulatedProcess): string | undefined {
    const since = this.#scheduler.now - RECOVERY_MS;
    const hasNoticed = runningSince !== undefined && runningSince < since;
    return this.#gateway.volume.hasFailedSince(hasNoticed ? since : 0) ? 'its disk is full or fails' : undefined;
  }

  /** Whether the spool cannot store the event in addition to what is in it, or may be written to it now. */
  #exceedsSpool(submission: Submission): boolean {
    const { volume, spoolBytes } = this.#gateway;
    let [bytes, bytesOfLane] = [volume.records.bytes, volume.records.bytesOf(submission.lane)];
    for (const pending of this.#pending) {
      // One that would not fit into an empty spool is not written.
      if (pending !== submission && pending.bytes > spoolBytes * LANE_SHARE) continue;
      bytes += pending.bytes;
      if (pending.lane === submission.lane) bytesOfLane += pending.bytes;
    }
    return bytes > spoolBytes || bytesOfLane > spoolBytes * LANE_SHARE;
  }
}
