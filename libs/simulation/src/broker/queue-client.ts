import { type Scheduler } from '../scheduler';
import { type Client, type Queue } from './queue';

/** With this many commands sent and not yet applied, further acknowledgements are held back. */
const SOFT_LIMIT = 32;
/** How long a client that has reached the limit waits before it sends everything again. */
const SEND_AGAIN_MS = 10_000;

/** A command that is sent and not known to be applied. */
interface Command {
  readonly run: () => void;
  readonly applied: () => void;
  /** The channel waits for its result. */
  readonly isCall: boolean;
  /** Of a message. */
  readonly sequence: number | undefined;
  isApplied: boolean;
  isInLog: boolean;
}

export interface QueueClientOptions {
  readonly queue: Queue;
  /** The channel whose client it is. */
  readonly channel: object;
  /** The channel's. */
  readonly node: number;
  readonly scheduler: Scheduler;
  /** Whether the channel's node reaches another one. */
  readonly reaches: (node: number) => boolean;
  /** Is called when the queue has caught up. */
  readonly becameFast: () => void;
}

/**
 * A channel's client of a quorum queue (`rabbit_fifo_client`). Beyond 32 commands that are not applied yet it holds
 * acknowledgements back, and loses them if the channel closes. What it sends while its node does not reach the leader is
 * lost, and so is every reply; the queue takes messages in sequence only, so that nothing is confirmed from then on, until
 * the limit is reached or another leader is elected: then the client sends everything again.
 */
export class QueueClient implements Client {
  readonly queue: Queue;
  readonly channel: object;
  readonly node: number;
  readonly #options: QueueClientOptions;
  readonly #keptBack: (() => void)[] = [];
  readonly #unapplied = new Set<Command>();
  /** The leader's node when the client was first used, until that is found to be reachable. */
  #firstLeader: number | undefined;
  /** The leader's node as the client knows it: of the one that answered last. */
  #leader: number;
  /** Whether the queue knows it, and notifies it of a new leader: it has published. */
  #hasPublished = false;
  /** Its node's member of the Raft group led it, and will refuse the next command. */
  #isLeaderStale = false;
  #isRegistered = false;
  #sequence = 0;
  #lastApplied = 0;
  #isSlow = false;
  #cancelSendingAgain: (() => void) | undefined;
  #hasEnded = false;

  constructor(options: QueueClientOptions) {
    this.queue = options.queue;
    this.channel = options.channel;
    this.node = options.node;
    this.#options = options;
    this.#leader = this.queue.leaderKnownTo(options.node);
    this.#firstLeader = this.#leader;
    this.queue.clients.add(this);
  }

  /** Whether the queue lags too far behind the commands sent to it. */
  get isSlow(): boolean {
    return this.#isSlow;
  }

  get isConnected(): boolean {
    return this.queue.options.type === 'classic' || this.#options.reaches(this.queue.leader);
  }

  /** Whether it refuses messages: it has to register first, with the leader that it knew when it was first used. */
  get isRefusing(): boolean {
    if (this.queue.options.type === 'classic' || this.#firstLeader === undefined) return false;
    if (!this.#options.reaches(this.#firstLeader)) return true;
    this.#firstLeader = undefined;
    return false;
  }

  /** Whether it reaches the leader that it knows, which may not lead any more. */
  get reachesKnownLeader(): boolean {
    return this.queue.options.type === 'classic' || this.#options.reaches(this.#leader);
  }

  /** Whether the queue takes its messages: a quorum queue has to answer once before the first one is sent. */
  get isRegistered(): boolean {
    return this.#isRegistered || this.queue.options.type === 'classic' || !this.queue.isStalled;
  }

  /** Calls back once the queue answers; the result gives up. */
  register(registered: () => void): () => void {
    let isWaiting = true;
    this.call(
      () => undefined,
      () => {
        this.#isRegistered = true;
        if (isWaiting) registered();
      },
    );
    return () => (isWaiting = false);
  }

  /** Sends a message, however slow the queue is. */
  sendMessage(enqueue: () => void, applied: () => void): void {
    this.#isRegistered = true;
    this.#hasPublished = true;
    this.#sequence += 1;
    this.#send({ run: enqueue, applied, isCall: false, sequence: this.#sequence });
  }

  /** Sends a command for whose result the channel waits. */
  call(run: () => void, applied: () => void): void {
    this.#send({ run, applied, isCall: true, sequence: undefined });
  }

  /** Held back while the queue is slow. */
  sendAcknowledgement(command: () => void): void {
    if (this.#isSlow) this.#keptBack.push(command);
    else this.#send({ run: command, applied: () => undefined, isCall: false, sequence: undefined });
  }

  leaderChanged(): void {
    if (this.#hasEnded) return;
    const isNotified = this.#hasPublished || this.queue.hasConsumerOf(this.channel);
    if (isNotified && this.isConnected) this.#leader = this.queue.leader;
    this.#sendAgain();
  }

  reconnected(wasLeader: boolean): void {
    if (this.#hasEnded) return this.#end();
    this.#isLeaderStale ||= wasLeader;
    for (const command of this.#unapplied) if (command.isCall) this.#transmit(command);
  }

  /** The channel ends: acknowledgements that were held back are lost. If its node is cut off, the queue learns of it later. */
  close(): void {
    this.#keptBack.length = 0;
    this.#cancelSendingAgain?.();
    this.#hasEnded = true;
    if (this.isConnected) this.#end();
  }

  #send(sent: Omit<Command, 'isApplied' | 'isInLog'>): void {
    this.#isSlow = this.queue.options.type === 'quorum' && this.#unapplied.size >= SOFT_LIMIT;
    if (this.#isSlow) this.#sendAgainLater();
    const command = { ...sent, isApplied: false, isInLog: false };
    this.#unapplied.add(command);
    if (this.#isLeaderStale && this.isConnected) {
      this.#isLeaderStale = false;
      this.#sendAgain();
    } else this.#transmit(command);
  }

  #end(): void {
    this.queue.clients.delete(this);
    this.queue.append(() => this.queue.channelDown(this.channel));
  }

  /** Everything that is not known to be applied, in order. */
  #sendAgain(): void {
    for (const command of this.#unapplied) this.#transmit(command);
  }

  #sendAgainLater(): void {
    const { scheduler } = this.#options;
    this.#cancelSendingAgain ??= scheduler.schedule(SEND_AGAIN_MS, `commands for ${this.queue.options.name}`, () => {
      this.#cancelSendingAgain = undefined;
      this.#sendAgain();
    });
  }

  #transmit(command: Command): void {
    if (command.isInLog || !this.isConnected) return;
    command.isInLog = true;
    this.queue.append(() => this.#apply(command), {
      client: this,
      isMessage: command.sequence !== undefined,
      lost: () => (command.isInLog = false),
    });
  }

  #apply(command: Command): void {
    command.isInLog = false;
    const { sequence } = command;
    if (!command.isApplied) {
      if (sequence !== undefined && sequence !== this.#lastApplied + 1) return;
      this.#lastApplied = sequence ?? this.#lastApplied;
      command.isApplied = true;
      command.run();
    }
    if (!this.isConnected) return;
    this.#leader = this.queue.leader;
    this.#unapplied.delete(command);
    command.applied();
    if (this.#isSlow && this.#unapplied.size < SOFT_LIMIT) this.#catchUp();
  }

  #catchUp(): void {
    this.#isSlow = false;
    this.#cancelSendingAgain?.();
    this.#cancelSendingAgain = undefined;
    const commands = this.#keptBack.splice(0);
    if (commands.length > 0) this.sendAcknowledgement(() => commands.forEach((command) => command()));
    this.#options.becameFast();
  }
}
