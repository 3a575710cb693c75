import { type MessagePort } from 'node:worker_threads';
import { type HistoryDatabase } from './database';
import { IndexWriter } from './index-writer';
import { lockIndex, openIndex } from './index-file';
import { positionOf, startsAt } from './meta';
import { accountsOf, activityOf, countsOf, messageOf, missingOf } from './queries';
import { type IndexStatus, type Request, type RequestName, type Requests, type Response } from './requests';
import { removeOld } from './retention';
import { searchMessages } from './search';

type Handlers = { readonly [Name in RequestName]: (argument: Requests[Name][0]) => Requests[Name][1] };

/** Serves requests of the main thread, one after another, until it is asked to close. */
export function serveIndex(port: MessagePort): void {
  const handlers = handlersOf(new Index());
  port.on('message', (request: Request) => {
    port.postMessage(respond(handlers, request));
    if (request.name === 'close') port.close();
  });
}

function respond<Name extends RequestName>(handlers: Handlers, { number, name, argument }: Request<Name>): Response {
  try {
    return { number, answer: handlers[name](argument) };
  } catch (error) {
    return { number, problem: error instanceof Error ? error.message : String(error) };
  }
}

/** The opened database, and whether this process may write it. */
class Index {
  #folder = '';
  #database: HistoryDatabase | undefined;
  #lock: HistoryDatabase | undefined;
  #writer: IndexWriter | undefined;
  #wasDamaged = false;

  get database(): HistoryDatabase {
    if (this.#database === undefined) throw new Error('the index is not open');
    return this.#database;
  }

  get writer(): IndexWriter {
    if (this.#writer === undefined) throw new Error('another process writes the index');
    return this.#writer;
  }

  open(folder: string): IndexStatus {
    const { database, wasDamaged } = openIndex(folder);
    this.#folder = folder;
    this.#database = database;
    this.#wasDamaged = wasDamaged;
    return this.status();
  }

  /** Becomes the writer if nobody else is. */
  status(): IndexStatus {
    this.#lock ??= lockIndex(this.#folder);
    if (this.#lock !== undefined) this.#writer ??= new IndexWriter(this.database);
    return {
      isWriter: this.#writer !== undefined,
      position: positionOf(this.database),
      startsAt: startsAt(this.database),
      wasDamaged: this.#wasDamaged,
    };
  }

  close(): void {
    this.#database?.close();
    this.#lock?.close();
  }
}

const handlersOf = (index: Index): Handlers => ({
  open: ({ folder }) => index.open(folder),
  status: () => index.status(),
  write: ({ batches, oldest }) => {
    index.writer.write(batches, oldest);
    return index.status();
  },
  addHole: (hole) => index.writer.addHole(hole),
  removeOld: ({ limits, now }) => removeOld(index.database, limits, now),
  search: (options) => searchMessages(index.database, options),
  message: (id) => messageOf(index.database, id),
  counts: (options) => countsOf(index.database, options),
  accounts: (window) => accountsOf(index.database, window),
  activity: (options) => activityOf(index.database, options),
  missing: () => missingOf(index.database),
  close: () => index.close(),
});
