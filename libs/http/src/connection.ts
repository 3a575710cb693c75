import { Client } from 'undici';
import { type Connector, type Endpoint } from './connector';
import { type Exchange } from './exchange';
import { dropContinues } from './interim-responses';

/** A connection that its server keeps longer is closed after this. */
const LONGEST_IDLE_MS = 600_000;
/** How much earlier than the server, which may say how long it keeps a connection, we close it. */
const BEFORE_SERVER_MS = 1_000;

/** One connection, for one exchange after the other. Once closed, it stays closed: an undici client would reconnect. */
export class Connection {
  readonly #client: Client;
  readonly #onClosed: (connection: Connection) => void;
  #isClosed = false;
  #wasUsed = false;
  #interruptConnecting: () => void = () => undefined;
  #onSending: () => void = () => undefined;

  constructor(endpoint: Endpoint, origin: string, connector: Connector, onClosed: (connection: Connection) => void) {
    this.#onClosed = onClosed;
    this.#client = new Client(origin, {
      // An exchange has its own timeout.
      headersTimeout: 0,
      bodyTimeout: 0,
      keepAliveTimeout: LONGEST_IDLE_MS,
      keepAliveMaxTimeout: LONGEST_IDLE_MS,
      keepAliveTimeoutThreshold: BEFORE_SERVER_MS,
      connect: ({ servername }, callback) => {
        const target = { ...endpoint, servername: servername ?? undefined };
        this.#interruptConnecting = connector.connect(target, (error, socket) => {
          if (error !== null) return callback(error, null);
          this.#onSending = dropContinues(socket);
          callback(null, socket);
        });
      },
    });
    const close = (_origin: URL, _targets: unknown, error: Error) => this.close(error);
    this.#client.on('disconnect', close).on('connectionError', close);
  }

  /** It will not send anything any more. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Whether a request may be sent over it again; asked after a response. */
  get isOpen(): boolean {
    return !this.#isClosed && this.#client.stats.connected;
  }

  /** Whether a request was sent over it. */
  get wasUsed(): boolean {
    return this.#wasUsed;
  }

  /** Sends it as soon as the connection is established, and received what arrived before. */
  send(exchange: Exchange): void {
    this.#client.dispatch(exchange.dispatchOptions, exchange);
  }

  /** The exchange calls it immediately before its request is written. */
  noteSending(): void {
    this.#wasUsed = true;
    this.#onSending();
  }

  /** An exchange that was not sent yet, or has no response yet, fails with the error. */
  close(error: Error): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#interruptConnecting();
    this.#onClosed(this);
    void this.#client.destroy(error);
  }
}
