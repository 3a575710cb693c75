import { Connection } from './connection';
import { type Connector, type Endpoint } from './connector';
import { type Exchange } from './exchange';

/**
 * The connections to one server. Undici's own `Pool` is not used: it reconnects for an exchange that was aborted, does not
 * tell which connections are reused, and an exchange that waits cannot be taken back.
 */
export class ConnectionPool {
  readonly #origin: string;
  readonly #endpoint: Endpoint;
  readonly #connector: Connector;
  readonly #limit: number;
  readonly #connections = new Set<Connection>();
  /** The latest is used first, so that connections in excess become old and are closed. */
  readonly #idle: Connection[] = [];
  readonly #waiting = new Set<Exchange>();

  constructor(url: URL, connector: Connector, limit: number) {
    const isSecure = url.protocol === 'https:';
    this.#origin = url.origin;
    this.#endpoint = {
      isSecure,
      hostname: url.hostname.replace(/^\[|\]$/g, ''),
      port: url.port === '' ? (isSecure ? 443 : 80) : Number(url.port),
      servername: undefined,
    };
    this.#connector = connector;
    this.#limit = limit;
  }

  /** Sends it over an idle or a new connection; waits if there are as many connections as allowed. */
  send(exchange: Exchange): void {
    const connection = this.#idle.pop() ?? this.#openAnother();
    if (connection === undefined) this.#waiting.add(exchange);
    else exchange.sendOver(connection);
  }

  /** An exchange that waits is not sent. */
  takeBack(exchange: Exchange): void {
    this.#waiting.delete(exchange);
  }

  /** The connection had its response and can be used for another exchange. */
  release(connection: Connection): void {
    if (!connection.isOpen) return;
    this.#idle.push(connection);
    this.#sendNext();
  }

  close(error: Error): void {
    for (const connection of this.#connections) connection.close(error);
  }

  #openAnother(): Connection | undefined {
    if (this.#connections.size >= this.#limit) return undefined;
    const connection = new Connection(this.#endpoint, this.#origin, this.#connector, (closed) => this.#remove(closed));
    this.#connections.add(connection);
    return connection;
  }

  #remove(connection: Connection): void {
    this.#connections.delete(connection);
    const index = this.#idle.indexOf(connection);
    if (index >= 0) this.#idle.splice(index, 1);
    this.#sendNext();
  }

  #sendNext(): void {
    for (const next of this.#waiting) {
      this.#waiting.delete(next);
      this.send(next);
      return;
    }
  }
}
