import { type Connect, JOURNAL } from '@pdaltagent/messaging';
import {
  Scheduler,
  SeededRandom,
  SimulatedBroker,
  type SimulatedConnection,
  VirtualClock,
} from '@pdaltagent/simulation';
import { type RecordedLine, recordingLogger } from '@pdaltagent/testing';
import { batchIn } from './batch-message';
import { type Fact, type UnknownFact } from './fact';
import { type FactBatch } from './fact-batch';
import { Journal, type JournalOptions } from './journal';

/** A journal and a broker in simulated time. */
export class SimulatedJournal {
  readonly scheduler = new Scheduler(1, false);
  readonly broker = new SimulatedBroker(this.scheduler);
  readonly connections: SimulatedConnection[] = [];
  readonly log: RecordedLine[] = [];
  readonly counts = { written: 0, dropped: 0, waiting: 0, mostWaiting: 0 };
  readonly journal: Journal;
  isDown = false;
  /** What happens to a connection that was just opened. */
  onConnected: (connection: SimulatedConnection) => void = () => undefined;

  constructor(options: Partial<JournalOptions> = {}) {
    const { counts } = this;
    this.journal = new Journal({
      url: 'amqp://simulated',
      service: 'delivery-worker',
      version: '1.2.3',
      host: 'worker-1',
      text: 'full',
      limits: { maximumAgeSeconds: 3_600, maximumBytes: 100_000_000 },
      log: recordingLogger(this.log),
      connect: this.#connect,
      clock: new VirtualClock(this.scheduler, 'worker'),
      random: new SeededRandom(1, 'worker'),
      observer: {
        onWritten: (facts) => (counts.written += facts),
        onDropped: (facts) => (counts.dropped += facts),
        onWaiting: (bytes) => {
          counts.waiting = bytes;
          counts.mostWaiting = Math.max(counts.mostWaiting, bytes);
        },
      },
      ...options,
    });
  }

  /** What the stream has. */
  get batches(): readonly FactBatch[] {
    return this.broker.messagesIn(JOURNAL).flatMap(({ content, properties }, offset) => {
      const read = batchIn({ content, properties }, offset);
      return read === undefined ? [] : [read.batch];
    });
  }

  get facts(): readonly (Fact | UnknownFact)[] {
    return this.batches.flatMap(({ facts }) => facts);
  }

  warnings(): readonly string[] {
    return this.log.filter(({ level }) => level !== 'info').map(({ message }) => message);
  }

  /** What anybody does over a connection of their own. */
  async administer(act: (connection: SimulatedConnection) => Promise<unknown>): Promise<void> {
    await this.scheduler.run(act(this.broker.connect('administrator')));
  }

  readonly #connect: Connect = () =>
    new Promise((resolve, reject) => {
      this.scheduler.schedule(5, 'connects', () => {
        if (this.isDown) return reject(Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' }));
        const connection = this.broker.connect(`journal ${this.connections.length}`);
        connection.on('error', () => undefined);
        this.connections.push(connection);
        this.onConnected(connection);
        resolve({ connection, reset: () => connection.cut(0, 0) });
      });
    });
}
