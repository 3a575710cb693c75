import { DurablePublisher, NotDurableError } from '@pdaltagent/forwarding';
import { type FactRecorder, NO_JOURNAL } from '@pdaltagent/journal';
import { type LaneGroup, laneOfMessage, type OutgoingMessage, readRecord, writeRecord } from '@pdaltagent/messaging';
import { type Logger } from '@pdaltagent/service';
import { Spool } from '@pdaltagent/spool';
import { type Scheduler } from '../scheduler';
import { SimulatedProcess } from '../simulated-process';
import { IngestRequests, type IngestResponse } from './ingest-requests';
import { acceptedFact, journalOf } from './journals';
import { type Network } from './network';
import { CHECKSUM_BYTES } from './records';
import { SimulatedVolume } from './simulated-volume';
import { type DamagedRecord } from './stored-records';

const CONFIRM_TIMEOUT_MS = 2_000;
const REFUSED = 'connection refused';
/** When a supervisor restarts a gateway that could not start. */
const RESTART_MS = 1_000;

export interface GatewayOptions {
  readonly laneGroup: LaneGroup;
  readonly maxInFlight: number;
  readonly spoolBytes: number;
  readonly hasJournal: boolean;
}

/** An event that a sender submits. */
class Submission {
  readonly id: string;
  readonly #message: OutgoingMessage;
  #bytes: number | undefined;

  constructor(
    message: OutgoingMessage,
    readonly lane: number,
  ) {
    this.id = message.id;
    this.#message = message;
  }

  /** Needed only if the spool is full. */
  get bytes(): number {
    return (this.#bytes ??= writeRecord(this.#message).length);
  }
}

/** One gateway and its disk: its processes follow one another. */
export class Gateway {
  readonly volume: SimulatedVolume;
  readonly requests: IngestRequests;
  readonly #scheduler: Scheduler;
  readonly #network: Network;
  readonly #options: GatewayOptions;
  process: SimulatedProcess;
  #publisher: DurablePublisher | undefined;
  #spool: Spool | undefined;
  #journal: FactRecorder = NO_JOURNAL;
  #runs = 0;

  constructor(
    scheduler: Scheduler,
    network: Network,
    readonly name: string,
    options: GatewayOptions,
  ) {
    this.#scheduler = scheduler;
    this.#network = network;
    this.#options = options;
    this.volume = new SimulatedVolume(scheduler, `disk of ${name}`);
    this.requests = new IngestRequests(scheduler, { name, volume: this.volume, spoolBytes: options.spoolBytes });
    this.process = new SimulatedProcess(scheduler, `${name}.0`);
  }

  /** Bytes that its spool counts; undefined if it has none open. */
  get countedBytes(): number | undefined {
    return this.process.isRunning ? this.#spool?.bytes : undefined;
  }

  get spooled(): number {
    return this.volume.records.values.size;
  }

  /** Message ids; undefined for a record that cannot be read. */
  get spooledIds(): readonly (string | undefined)[] {
    return [...this.volume.records.values.values()].map((value) => idOf(value.subarray(CHECKSUM_BYTES)));
  }

  /** Ids of acknowledged messages that its disk damaged. */
  get damagedIds(): readonly string[] {
    return idsOf(this.volume.damaged);
  }

  /** Those of them that are in its quarantine, as they are on the disk. */
  get quarantinedDamagedIds(): readonly string[] {
    const { damaged, quarantined } = this.volume;
    const isQuarantined = ({ after }: DamagedRecord): boolean =>
      quarantined.some(({ problem, record }) => problem === 'damaged' && record.equals(after));
    return idsOf(damaged.filter(isQuarantined));
  }

  start(): void {
    this.#runs += 1;
    const process = new SimulatedProcess(this.#scheduler, `${this.name}.${this.#runs}`);
    this.process = process;
    this.#open(process).catch((error: unknown) => {
      process.log('error', 'the gateway cannot start', { error: String(error) });
      this.#scheduler.schedule(RESTART_MS, `${process.name} is restarted`, () => {
        if (this.process !== process || process.isDead) return;
        this.kill();
        this.start();
      });
    });
  }

  /** The process dies at once. */
  kill(): void {
    this.#publisher = undefined;
    this.#spool = undefined;
    this.process.kill();
  }

  /** A sender's request: resolves with what its sender sees, after the timeout at the latest. */
  submit(message: OutgoingMessage, timeoutMs: number): Promise<IngestResponse> {
    const { process } = this;
    const lane = laneOfMessage(this.#options.laneGroup, message);
    const ended = this.requests.begin(new Submission(message, lane), process);
    return new Promise((resolve) => {
      const settle = (response: IngestResponse): void => {
        cancelTimeout();
        ended(response);
        resolve(response);
      };
      const cancelTimeout = this.#scheduler.schedule(timeoutMs, `the sender of ${message.id} gives up`, () =>
        settle('none in time'),
      );
      process.onEnd(() => settle('connection lost'));
      this.accept(message).then(
        () => settle('202'),
        (error: unknown) => settle(responseOf(error)),
      );
    });
  }

  /** Resolves once the event is answered with 202. @throws Error if it is answered otherwise, or not reached */
  async accept(message: OutgoingMessage): Promise<void> {
    if (this.#publisher === undefined) throw new Error(REFUSED);
    const publisher = this.#publisher;
    const journal = this.#journal;
    return new Promise((resolve, reject) => {
      const accepted = (): void => {
        journal.record(acceptedFact(message));
        resolve();
      };
      this.process.enter(() => void publisher.publish(message).then(accepted, reject));
    });
  }

  async #open(process: SimulatedProcess): Promise<void> {
    const log = loggerOf(process);
    const { clock, random } = process;
    const { laneGroup, maxInFlight, spoolBytes, hasJournal } = this.#options;
    const connect = this.#network.connectOf(process);
    const disk = this.volume.diskOf(process);
    const spool = await Spool.open('spool', { maximumBytes: spoolBytes, log, clock, disk });
    if (spool === undefined) throw new Error('the spool of a dead process is locked');
    const publisher = new DurablePublisher({
      broker: {
        url: 'amqp://simulated',
        name: process.name,
        laneGroup,
        queueType: 'quorum',
        connect,
      },
      spool,
      legacy: undefined,
      quarantine: { add: (entry) => this.volume.quarantine(process, entry) },
      limits: { confirmTimeoutMs: CONFIRM_TIMEOUT_MS, maxInFlight },
      log,
      clock,
      random,
      onSpoolBegun: () => undefined,
      onQuarantined: () => undefined,
    });
    publisher.start();
    const journal = hasJournal ? journalOf(process, this.#scheduler, connect, log) : undefined;
    journal?.start();
    this.#journal = journal ?? NO_JOURNAL;
    this.#publisher = publisher;
    this.#spool = spool;
  }
}

export function loggerOf(process: SimulatedProcess): Logger {
  const at = (level: string) => (message: string, fields?: Readonly<Record<string, unknown>>) =>
    process.log(level, message, fields);
  const logger: Logger = {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: () => logger,
    close: () => Promise.resolve(),
  };
  return logger;
}

function responseOf(error: unknown): IngestResponse {
  if (error instanceof NotDurableError) return error.reason;
  if (error instanceof Error && error.message === REFUSED) return REFUSED;
  throw error;
}

function idsOf(damaged: readonly DamagedRecord[]): readonly string[] {
  return damaged.flatMap(({ before, wasSynced }) => (wasSynced ? (idOf(before) ?? []) : []));
}

function idOf(record: Buffer): string | undefined {
  const read = readRecord(record);
  return read.kind === 'message' ? read.message.id : undefined;
}
