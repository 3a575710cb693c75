import {
  ERASE_PATH,
  type EraseRequest,
  eraseRequestSchema,
  type Erased,
  MAXIMUM_REQUEST_BYTES,
} from '@pdaltagent/operations';
import { type Logger } from '@pdaltagent/service';
import { chmod, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';

/** A Unix socket's path has at most this many bytes (sun_path of Linux, which ends with a zero byte). */
const MAXIMUM_PATH_BYTES = 107;

export interface OperatorSocketOptions {
  readonly path: string;
  readonly erase: (request: EraseRequest) => Promise<Erased>;
  readonly log: Logger;
}

/**
 * What an operator may ask of a running gateway, over a Unix socket beside its spool: who can use it can read the spool anyway. No
 * port, because erasing must not be possible from elsewhere.
 */
export class OperatorSocket {
  readonly #options: OperatorSocketOptions;
  readonly #server = createServer((request, response) => void this.#respond(request, response));

  constructor(options: OperatorSocketOptions) {
    this.#options = options;
  }

  /** A gateway works without it: a failure is logged. */
  async start(): Promise<void> {
    const { path, log } = this.#options;
    try {
      if (Buffer.byteLength(path) > MAXIMUM_PATH_BYTES)
        throw new Error(`its path has more than ${MAXIMUM_PATH_BYTES} bytes: choose a shorter PDAGENTD_SPOOL_DIR`);
      // Only one process has the folder of a spool; this is what a crash has left.
      await rm(path, { force: true });
      await new Promise<void>((resolve, reject) => {
        this.#server.once('error', reject).listen(path, resolve);
      });
      await chmod(path, 0o600);
    } catch (error) {
      log.warn('the socket for operators cannot be opened: `pdaltagent dead-letters erase` cannot search the spool', {
        path,
        error: reasonOf(error),
      });
    }
  }

  stop(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }

  async #respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const answer = (status: number, body: object): void => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    };
    try {
      if (request.method !== 'POST' || request.url !== ERASE_PATH) return answer(404, { error: 'unknown' });
      const { data } = eraseRequestSchema.safeParse(JSON.parse(await bodyOf(request)));
      // Neither here nor in the log: what was searched for is a person's data.
      if (data === undefined) return answer(400, { error: 'this gateway does not understand the request' });
      const spool = await this.#options.erase(data);
      const { found, erased, problems } = spool;
      this.#options.log.info('an operator searched the spool for events to erase', {
        by: data.criterion.kind,
        dryRun: data.dryRun,
        found,
        erased,
        problems,
      });
      answer(200, { spool });
    } catch (error) {
      this.#options.log.error('a request of an operator failed', { error: reasonOf(error) });
      answer(500, { error: 'the request failed; the gateway’s log has the reason' });
    }
  }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    const part = Buffer.from(chunk as Uint8Array);
    bytes += part.length;
    if (bytes > MAXIMUM_REQUEST_BYTES) throw new Error('the request is too large');
    chunks.push(part);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** Not the text of a syntax error, which repeats a part of the input. */
function reasonOf(error: unknown): string {
  if (error instanceof SyntaxError) return 'it is not JSON';
  return error instanceof Error ? error.message : String(error);
}
