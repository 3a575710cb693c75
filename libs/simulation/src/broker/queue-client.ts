import { type Scheduler } from '../scheduler';
import { type Client, type Queue } from './queue';

/** With this many commands sent and not yet applied, further acknowledgements are held back. */
const SOFT_LIMIT = 32;
/** How long after a message has reached the limit a client sends everything again. */
const SEND_AGAIN_MS = 10_000;

/** A command that is sent and not known to be applied. */
interface Command {
  readonly run: () => void;
  readonly applied: () => void;
  /** Of a message. */
  readonly sequence?: number;
  isApplied?: boolean;
  isInLog?: boolean;
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
 * A channel's client of a quorum queue (`rabbit_fifo_client`). It sends commands to the leader that it knows, without waiting,
 * and everything that is not known to be applied again if it learns of another leader: by a notice of the new one, if that
 * knows the client, or because the former one rejects a command. Anything else that is lost on the way remains lost: the
 * queue takes messages in sequence only, so that nothing is confirmed from then on, until a message makes 32 commands
 * that are not applied, and 10 s have passed.
 *
 * With 32 such commands it holds acknowledgements back, and loses them if the channel closes. Acknowledgements that were
 * lost count, too: with 32 of them it holds back all others, until there is another leader.
 */
export class QueueClient implements Client {
  readonly queue: Queue;
  readonly channel: object;
  readonly node: number;
  readonly #options: QueueClientOptions;
  readonly #keptBack: (() => void)[] = [];
  readonly #pending = new Set<Command>();
  /** Commands for whose result the channel waits. */
  readonly #calls = new Set<Command>();
  /** The leader's node as the client knows it. */
  #leader: number;
  /** The queue knows it as a publisher. */
  #isRegistered = false;
  #sequence = 0;
  #lastApplied = 0;
  #isSlow = false;
  #stopTimer: () => void = () => undefined;
  #hasEnded = false;

  constructor(options: QueueClientOptions) {
    this.queue = options.queue;
    this.channel = options.channel;
    this.node = options.node;
    this.#options = options;
    this.#leader = this.queue.leaderKnownTo(options.node);
    this.queue.clients.add(this);
  }

  /** Whether the queue lags too far behind the commands sent to it. */
  get isSlow(): boolean {
    return this.#isSlow;
  }

  get isConnected(): boolean {
    return this.queue.options.type === 'classic' || this.#options.reaches(this.queue.leader);
  }

  /** Whether it reaches the leader that it knows, which may not lead any more. */
  get reachesKnownLeader(): boolean {
    return this.queue.options.type === 'classic' || this.#options.reaches(this.#leader);
  }

  /** Whether it refuses messages: it has to register first, with the leader that it knows. */
  get isRefusing(): boolean {
    return !this.#isRegistered && !this.reachesKnownLeader;
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
    this.#sequence += 1;
    const wasSlow = this.#isSlow;
    this.#send({ run: enqueue, applied, sequence: this.#sequence });
    if (this.#isSlow && !wasSlow) this.#sendAgainLater();
  }

  /** Sends a command for whose result the channel waits, to any node that knows the leader. */
  call(run: () => void, applied: () => void): void {
    this.#calls.add({ run, applied });
    this.#sendCalls();
  }

  /** Held back while the queue is slow. */
  sendAcknowledgement(command: () => void): void {
    if (this.#isSlow) this.#keptBack.push(command);
    else this.#send({ run: command, applied: () => undefined });
  }

  leaderChanged(): void {
    if (this.#hasEnded) return;
    this.#sendCalls();
    const isKnown = this.#isRegistered || this.queue.state.hasConsumerOf(this.channel);
    if (isKnown && this.isConnected) this.#follow(this.queue.leader);
  }

  reconnected(): void {
    if (this.#hasEnded) this.#end();
    else this.#sendCalls();
  }

  /** The channel ends: acknowledgements that were held back are lost. If its node is cut off, the queue learns of it later. */
  close(): void {
    this.#keptBack.length = 0;
    this.#stopTimer();
    this.#hasEnded = true;
    if (this.isConnected) this.#end();
  }

  #send(command: Command): void {
    this.#isSlow = this.queue.options.type === 'quorum' && this.#pending.size >= SOFT_LIMIT;
    this.#pending.add(command);
    this.#transmit(command);
  }

  #end(): void {
    this.queue.clients.delete(this);
    this.queue.append(() => this.queue.state.channelDown(this.channel));
  }

  /** Sends everything that is not known to be applied to this leader, in order. */
  #follow(leader: number): void {
    this.#leader = leader;
    for (const command of this.#pending) this.#transmit(command);
  }

  #transmit(command: Command): void {
    if (!this.reachesKnownLeader) return;
    const member = this.queue.memberOn(this.#leader);
    if (member === 'leads') this.#append(command);
    if (member === 'follows') {
      this.#stopTimer();
      this.#follow(this.queue.leader);
    }
  }

  #sendCalls(): void {
    if (this.isConnected) for (const call of this.#calls) this.#append(call);
  }

  #append(command: Command): void {
    if (command.isInLog === true) return;
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
    if (command.isApplied !== true) {
      if (sequence !== undefined && sequence !== this.#lastApplied + 1) return;
      this.#lastApplied = sequence ?? this.#lastApplied;
      command.isApplied = true;
      command.run();
    }
    if (!this.isConnected) return;
    this.#leader = this.queue.leader;
    this.#calls.delete(command);
    this.#pending.delete(command);
    command.applied();
    if (this.#isSlow && this.#pending.size < SOFT_LIMIT) this.#catchUp();
  }

  /** Once a node tells it a leader: a former one may name itself. */
  #sendAgainLater(): void {
    const { queue, node } = this;
    this.#stopTimer = this.#options.scheduler.schedule(SEND_AGAIN_MS, `commands for ${queue.options.name}`, () => {
      const leader = queue.leaderKnownTo(node);
      if (leader === queue.leader && (queue.isStalled || !this.isConnected)) this.#sendAgainLater();
      else this.#follow(leader);
    });
  }

  #catchUp(): void {
    this.#isSlow = false;
    this.#stopTimer();
    const commands = this.#keptBack.splice(0);
    if (commands.length > 0) this.sendAcknowledgement(() => commands.forEach((command) => command()));
    this.#options.becameFast();
  }
}
