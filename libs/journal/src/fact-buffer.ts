import { bodyOf } from './batch-message';

const MAX_FACTS = 500;
/** Of a batch that is not closed yet. */
const MAX_BATCH_BYTES = 262_144;
/** Of the objects that a batch takes in memory. */
const BATCH_OVERHEAD_BYTES = 512;

/** Facts that were dropped, with the times of the first and the last. */
export interface Loss {
  readonly facts: number;
  readonly from: number;
  readonly to: number;
}

interface Lines extends Loss {
  /** What a fact among them says was lost before. */
  readonly told: Loss | undefined;
}

/** A batch that the broker has not confirmed yet. */
export interface WaitingBatch extends Lines {
  readonly sequence: number;
  readonly body: Buffer;
}

export interface FactBufferOptions {
  readonly maximumBytes: number;
  readonly onDropped: (facts: number) => void;
}

/** For the lines of one batch: it grows, and is used again. */
const FIRST_BYTES = 65_536;
const KEPT_BYTES = 1_048_576;
const LINE_FEED = 0x0a;
/** UTF-8 takes no more for a character of a JavaScript string. */
const MAX_CHARACTER_BYTES = 3;

/** Collects lines in batches, which wait until they are confirmed. Beyond its size it drops the oldest, and knows how much. */
export class FactBuffer {
  readonly #options: FactBufferOptions;
  /** Writing each line at once takes half the time of adding it to a string, which zlib would have to convert. */
  #lines = Buffer.allocUnsafeSlow(FIRST_BYTES);
  #length = 0;
  #facts = 0;
  #from = Infinity;
  #to = -Infinity;
  #told: Loss | undefined;
  #waiting: WaitingBatch[] = [];
  readonly #sent = new Set<WaitingBatch>();
  #waitingBytes = 0;
  #nextSequence = 0;
  #loss: Loss | undefined;

  constructor(options: FactBufferOptions) {
    this.#options = options;
  }

  get bytes(): number {
    return this.#length + this.#waitingBytes;
  }

  /** Whether the lines are to become a batch. */
  get isFull(): boolean {
    return this.#facts >= MAX_FACTS || this.#length >= MAX_BATCH_BYTES;
  }

  get isEmpty(): boolean {
    return this.#facts === 0 && this.#waiting.length === 0;
  }

  /**
   * @param told what the fact itself says was lost
   * @returns whether the batch is full and is to be closed
   */
  add(line: string, at: number, told?: Loss): boolean {
    this.#append(line);
    this.#facts += 1;
    if (at < this.#from) this.#from = at;
    if (at > this.#to) this.#to = at;
    if (told !== undefined) this.#told = sumOf(this.#told, told);
    if (this.bytes > this.#options.maximumBytes) this.#makeRoom();
    return this.isFull;
  }

  /** Makes a batch of the lines that there are. */
  close(): void {
    if (this.#facts === 0) return;
    const body = bodyOf(this.#lines.subarray(0, this.#length));
    this.#waiting.push({ ...this.#take(), sequence: this.#nextSequence, body });
    this.#nextSequence += 1;
    this.#waitingBytes += body.length + BATCH_OVERHEAD_BYTES;
  }

  /** The next batch to be sent, which counts as sent. */
  next(): WaitingBatch | undefined {
    // Those that were sent come first.
    const batch = this.#waiting[this.#sent.size];
    if (batch !== undefined) this.#sent.add(batch);
    return batch;
  }

  get oldestSent(): WaitingBatch | undefined {
    return this.#sent.size > 0 ? this.#waiting[0] : undefined;
  }

  /** @returns whether it was still waiting: what was dropped to make room may arrive nevertheless */
  confirm(batch: WaitingBatch): boolean {
    return this.#remove(batch);
  }

  /** Those that were sent and not confirmed will be sent again. */
  sendAgain(): void {
    this.#sent.clear();
  }

  /** A batch that the broker never takes. */
  drop(batch: WaitingBatch): void {
    if (!this.#remove(batch)) return;
    this.#lose(batch);
  }

  /** Drops the lines of which no batch can be made. */
  discard(): void {
    this.#lose(this.#take());
  }

  /** What was dropped since this was last asked. */
  takeLoss(): Loss | undefined {
    const loss = this.#loss;
    this.#loss = undefined;
    return loss;
  }

  #append(line: string): void {
    const needed = this.#length + line.length * MAX_CHARACTER_BYTES + 1;
    if (needed > this.#lines.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.#lines.length * 2));
      this.#lines.copy(larger, 0, 0, this.#length);
      this.#lines = larger;
    }
    this.#length += this.#lines.write(line, this.#length);
    this.#lines[this.#length] = LINE_FEED;
    this.#length += 1;
  }

  #makeRoom(): void {
    while (this.bytes > this.#options.maximumBytes) {
      // One that was sent may arrive.
      const oldest = this.#waiting[this.#sent.size] ?? this.#waiting[0];
      if (oldest === undefined) break;
      this.drop(oldest);
    }
    // A single fact that is larger than everything may be.
    if (this.#length > this.#options.maximumBytes) this.discard();
  }

  #take(): Lines {
    const taken = { facts: this.#facts, from: this.#from, to: this.#to, told: this.#told };
    this.#length = 0;
    if (this.#lines.length > KEPT_BYTES) this.#lines = Buffer.allocUnsafeSlow(FIRST_BYTES);
    this.#facts = 0;
    this.#from = Infinity;
    this.#to = -Infinity;
    this.#told = undefined;
    return taken;
  }

  #remove(batch: WaitingBatch): boolean {
    const index = this.#waiting.indexOf(batch);
    if (index < 0) return false;
    this.#waiting.splice(index, 1);
    this.#sent.delete(batch);
    this.#waitingBytes -= batch.body.length + BATCH_OVERHEAD_BYTES;
    return true;
  }

  #lose({ facts, from, to, told }: Lines): void {
    this.#loss = sumOf(this.#loss, { facts, from, to });
    if (told !== undefined) this.#loss = sumOf(this.#loss, told);
    this.#options.onDropped(facts);
  }
}

function sumOf(a: Loss | undefined, b: Loss): Loss {
  if (a === undefined) return b;
  return { facts: a.facts + b.facts, from: Math.min(a.from, b.from), to: Math.max(a.to, b.to) };
}
