import { type Clock, delay, SYSTEM_CLOCK } from '@pdaltagent/clock';
import { AccessRefused, accessRefusalIn } from './access-refused';
import { toError } from './broker-connection';
import { type Connect, connectWithAmqplib, hasReplyCode, NOT_FOUND, type OpenedConnection } from './connect';
import { type Log } from './log';
import { hasReply, NoReply, replyTo } from './reply-timeout';
import { type QueueType } from './topology';

const RETRY_MS = 1_000;
/** RabbitMQ logs each refusal. */
const RETRY_REFUSED_MS = 10_000;
const CLOSE_TIMEOUT_MS = 1_000;
/** AMQP 0-9-1, "reply codes": RabbitMQ's reply to basic.get on a quorum queue with a single active consumer. */
const RESOURCE_LOCKED = 405;

export interface ScoutOptions {
  /** amqp:// or amqps://; Celery's pyamqp:// is understood. */
  readonly url: string;
  /** Shown in the broker's list of connections. */
  readonly name: string;
  readonly queueType: QueueType;
  /** A queue does not exist; called every second until it does. */
  readonly onMissing: () => void;
  readonly log: Log;
  readonly connect?: Connect | undefined;
  readonly clock?: Clock | undefined;
}

/**
 * Finds out on a connection of its own whether a queue answers. A worker that subscribes to a quorum queue without a leader loses its
 * connection after 65 s (541), and all its lanes with it. `basic.get` is answered only by the queue's Raft group; it is refused,
 * because the queue has a single active consumer, so that no message is taken. Invariant I9.
 */
export class Scout {
  readonly #options: ScoutOptions;
  readonly #clock: Clock;
  #opening: Promise<OpenedConnection> | undefined;
  /** Calls of `whenAnswered` that have not settled. */
  #waiting = 0;
  /** Since a queue could be asked last: each problem is logged once. */
  readonly #problems = new Set<string>();

  constructor(options: ScoutOptions) {
    this.#options = options;
    this.#clock = options.clock ?? SYSTEM_CLOCK;
  }

  /** Whether queues wait to be asked and cannot be: nothing of them is consumed. */
  get isFailing(): boolean {
    return this.#waiting > 0 && this.#problems.size > 0;
  }

  /** Resolves once the queue answers, however long that takes. @throws AbortError as soon as the signal is aborted */
  async whenAnswered(queue: string, signal: AbortSignal): Promise<void> {
    // A classic queue has no leader, and would deliver a message.
    if (this.#options.queueType === 'classic') return;
    this.#waiting += 1;
    try {
      await this.#askUntilAnswered(queue, signal);
    } finally {
      this.#waiting -= 1;
    }
  }

  async #askUntilAnswered(queue: string, signal: AbortSignal): Promise<void> {
    const { log, onMissing } = this.#options;
    let wasSilent = false;
    for (;;) {
      const answer = await this.#ask(queue);
      signal.throwIfAborted();
      if (answer instanceof Error) this.#logProblem(answer);
      else this.#problems.clear();
      if (answer === 'answered') break;
      if (answer === 'silent' && !wasSilent)
        log.warn('a queue does not answer: not consuming it until it does', { queue });
      wasSilent ||= answer === 'silent';
      if (answer === 'missing') onMissing();
      await delay(this.#clock, answer instanceof AccessRefused ? RETRY_REFUSED_MS : RETRY_MS, signal);
    }
    if (wasSilent) log.info('a queue answers again', { queue });
  }

  async close(): Promise<void> {
    const opened = await this.#opening?.catch(() => undefined);
    this.#opening = undefined;
    if (opened === undefined) return;
    const options = { request: 'connection.close', clock: this.#clock, timeoutMs: CLOSE_TIMEOUT_MS };
    if (!(await hasReply(opened.connection.close(), options).catch(() => true))) opened.reset();
  }

  /** For example, RabbitMQ allows no further connection. */
  #logProblem({ message }: Error): void {
    if (this.#problems.has(message)) return;
    this.#problems.add(message);
    const { log, name } = this.#options;
    log.warn('queues cannot be asked whether they answer: not consuming them until they can', {
      connection: name,
      error: message,
    });
  }

  /** An error: the connection failed. */
  async #ask(queue: string): Promise<'answered' | 'silent' | 'missing' | Error> {
    const opening = (this.#opening ??= this.#open());
    try {
      const { connection } = await opening;
      const channel = await replyTo(connection.createChannel(), { request: 'channel.open', clock: this.#clock });
      channel.on('error', () => undefined);
      const options = { request: `basic.get ${queue}`, clock: this.#clock };
      if (!(await hasReply(channel.get(queue), options))) {
        // The broker would close the connection after 65 s.
        this.#abandon(opening);
        return 'silent';
      }
      await channel.close();
      return 'answered';
    } catch (error) {
      if (hasReplyCode(error, RESOURCE_LOCKED)) return 'answered';
      if (hasReplyCode(error, NOT_FOUND)) return 'missing';
      if (error instanceof NoReply) this.#abandon(opening);
      return accessRefusalIn(error) ?? toError(error);
    }
  }

  #open(): Promise<OpenedConnection> {
    const { url, name, connect = connectWithAmqplib } = this.#options;
    const opening = connect(url, name).then((opened) => {
      opened.connection.on('close', () => this.#forget(opening));
      return opened;
    });
    opening.catch(() => this.#forget(opening));
    return opening;
  }

  /** What others ask over it is asked again over another one. */
  #abandon(opening: Promise<OpenedConnection>): void {
    if (this.#opening !== opening) return;
    this.#opening = undefined;
    void opening.then(({ reset }) => reset());
  }

  #forget(opening: Promise<OpenedConnection>): void {
    if (this.#opening === opening) this.#opening = undefined;
  }
}
