import { type ServerResponse } from 'node:http';
import { type Duplex } from 'node:stream';

/** The requests of each connection that have come whole and are not answered yet, in their order. */
export class PendingResponses {
  readonly #responses = new WeakMap<Duplex, Set<ServerResponse>>();

  add(socket: Duplex, response: ServerResponse): void {
    let responses = this.#responses.get(socket);
    if (responses === undefined) this.#responses.set(socket, (responses = new Set()));
    const all = responses.add(response);
    response.once('close', () => all.delete(response));
  }

  /** Calls back once every request that came whole over the connection is answered, at once where all are. */
  whenAnswered(socket: Duplex, callback: () => void): void {
    const last = [...(this.#responses.get(socket) ?? [])].findLast(({ req }) => req.complete);
    if (last === undefined) callback();
    else last.once('close', callback);
  }
}
