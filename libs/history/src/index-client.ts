import { Worker } from 'node:worker_threads';
import { type Request, type RequestName, type Requests } from './requests';

/** The index cannot be asked or written: its thread ended, or what it was asked to do failed. */
export class HistoryError extends Error {
  override readonly name = 'HistoryError';
}

interface Pending {
  /** Takes what `Requests` says for the name of the request. */
  readonly resolve: (answer: never) => void;
  readonly reject: (error: HistoryError) => void;
}

type Answered = { readonly number: number } & ({ readonly answer: never } | { readonly problem: string });

/** The thread that owns the database, as the main thread sees it. It does one thing after another. */
export class IndexClient {
  readonly #worker: Worker;
  readonly #pending = new Map<number, Pending>();
  #next = 0;
  #ended: HistoryError | undefined;

  /** @param script that calls `serveIndex` */
  constructor(script: string) {
    this.#worker = new Worker(script);
    this.#worker.on('message', (response: Answered) => this.#settle(response));
    this.#worker.on('error', (error) => this.#end(`the thread of the index failed: ${String(error)}`));
    this.#worker.on('exit', () => this.#end('the thread of the index has ended'));
  }

  get hasEnded(): boolean {
    return this.#ended !== undefined;
  }

  /** @throws HistoryError */
  ask<Name extends RequestName>(name: Name, argument: Requests[Name][0]): Promise<Requests[Name][1]> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended);
    const number = this.#next;
    this.#next += 1;
    const request: Request<Name> = { number, name, argument };
    return new Promise((resolve, reject) => {
      this.#pending.set(number, { resolve, reject });
      this.#worker.postMessage(request);
    });
  }

  /** Lets the thread finish what it does. */
  async close(): Promise<void> {
    await this.ask('close', undefined).catch(() => undefined);
    await this.#worker.terminate();
  }

  #settle(response: Answered): void {
    const pending = this.#pending.get(response.number);
    this.#pending.delete(response.number);
    if ('problem' in response) pending?.reject(new HistoryError(response.problem));
    else pending?.resolve(response.answer);
  }

  #end(problem: string): void {
    this.#ended ??= new HistoryError(problem);
    for (const { reject } of this.#pending.values()) reject(this.#ended);
    this.#pending.clear();
  }
}
