import { type ServerResponse } from 'node:http';
import { type Duplex } from 'node:stream';

/** The responses of each connection that have not been sent completely, in order. */
export class PendingResponses {
  readonly #responses = new WeakMap<Duplex, Set<ServerResponse>>();

  add(socket: Duplex, response: ServerResponse): void {
    let responses = this.#responses.get(socket);
    if (responses === undefined) this.#responses.set(socket, (responses = new Set()));
    const all = responses.add(response);
    response.once('close', () => all.delete(response));
  }

  /** Calls back once every completely received request of the connection is answered; immediately if all are. */
  whenResponded(socket: Duplex, callback: () => void): void {
    const last = [...(this.#responses.get(socket) ?? [])].findLast(({ req }) => req.complete);
    if (last === undefined) callback();
    else last.once('close', callback);
  }
}
