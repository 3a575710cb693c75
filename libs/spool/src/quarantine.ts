import { createHash } from 'node:crypto';
import { mkdir, open, readdir, stat, unlink } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { ifExists, replaceFile, syncFolder } from './durable-file';
import { FreeSpace } from './free-space';
import { type Log } from './log';

/**
 * Why an entry is in the quarantine: it cannot be encoded for AMQP, the broker rejects it (for example because it exceeds
 * `max_message_size`), or it is a damaged spool record.
 */
export const QUARANTINE_PROBLEMS = ['unencodable', 'refused', 'damaged'] as const;
export type QuarantineProblem = (typeof QUARANTINE_PROBLEMS)[number];

export interface QuarantineHeader {
  /** The message's id; for a damaged record, any unique name. */
  readonly id: string;
  /** One of QUARANTINE_PROBLEMS, or one that only a newer version knows. */
  readonly problem: string;
  /** A description, for example the broker's reason. Contains no key and no content. */
  readonly detail?: string;
  /** Milliseconds since 1970. */
  readonly quarantinedAt: number;
}

export interface QuarantineEntry extends QuarantineHeader {
  /** Exactly as in the spool, or as it would have been spooled. */
  readonly record: Buffer;
}

const headerSchema = z.object({
  id: z.string(),
  problem: z.string(),
  detail: z.exactOptional(z.string()),
  quarantinedAt: z.number(),
});

/** The problem of a file whose header cannot be read; its name is the id then. */
const UNREADABLE = 'unreadable';

const SUFFIX = '.record';
const SAFE_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;
/** Maximum length of a header, which is the first line of a file. */
const MAX_HEADER_BYTES = 16 * 1024;
const MAX_DETAIL_LENGTH = 1_000;

/**
 * Events that can never be published: one file per entry, so that operators can list, copy and remove entries while gateways
 * run. Several processes may use a folder concurrently. A file is a line of JSON (the header), then the record's bytes.
 */
export class Quarantine {
  readonly folder: string;
  readonly #log: Log;
  readonly #space: FreeSpace;
  #entries = 0;
  #adding: Promise<void> = Promise.resolve();

  private constructor(folder: string, log: Log) {
    this.folder = folder;
    this.#log = log;
    this.#space = new FreeSpace(folder);
  }

  /** Creates the folder if it does not exist. @throws Error if it cannot be used */
  static async open(folder: string, log: Log): Promise<Quarantine> {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await syncFolder(path.dirname(folder));
    const quarantine = new Quarantine(folder, log);
    const entries = await quarantine.count();
    if (entries > 0) log.warn('the quarantine contains events that cannot be published', { folder, entries });
    return quarantine;
  }

  /** Opens a folder only if it exists; otherwise undefined. @throws Error if it cannot be read */
  static async openExisting(folder: string, log: Log): Promise<Quarantine | undefined> {
    const quarantine = new Quarantine(folder, log);
    const entries = await ifExists(quarantine.count());
    return entries === undefined ? undefined : quarantine;
  }

  /** Number of entries as of the last `add`, `remove` or `count` of this process. */
  get entries(): number {
    return this.#entries;
  }

  /** Counts the files again: other processes add and remove some too. @throws Error if the folder cannot be read */
  async count(): Promise<number> {
    this.#entries = (await this.#files()).length;
    return this.#entries;
  }

  /**
   * Resolves once the entry is synced to disk, file and directory entry. An entry with the same id is replaced.
   * @throws Error if the disk is full or fails; the entry may be in the quarantine nevertheless
   */
  add(entry: QuarantineEntry & { readonly problem: QuarantineProblem }): Promise<void> {
    // One after another: two with the same id must not write the same file concurrently.
    const added = this.#adding.then(() => this.#write(entry));
    this.#adding = added.catch(() => undefined);
    return added;
  }

  /** All entries without their records, oldest first. @throws Error if the folder cannot be read */
  async list(): Promise<QuarantineHeader[]> {
    const headers: QuarantineHeader[] = [];
    for (const file of await this.#files()) {
      const found = await ifExists(readFileOf(this.#pathOf(file), MAX_HEADER_BYTES));
      if (found !== undefined) headers.push(found.header);
    }
    return headers.sort((a, b) => a.quarantinedAt - b.quarantinedAt || (a.id < b.id ? -1 : 1));
  }

  /** Undefined if there is no such entry. @throws Error if it cannot be read */
  async read(id: string): Promise<QuarantineEntry | undefined> {
    const found = await ifExists(readFileOf(this.#pathOf(fileNameOf(id))));
    return found && { ...found.header, record: found.record };
  }

  /** Removes an entry permanently; false if there is no such entry. @throws Error if the disk fails */
  async remove(id: string): Promise<boolean> {
    if ((await ifExists(unlink(this.#pathOf(fileNameOf(id))).then(() => true))) === undefined) return false;
    this.#entries = Math.max(0, this.#entries - 1);
    await syncFolder(this.folder);
    return true;
  }

  async #write({ record, ...entry }: QuarantineEntry): Promise<void> {
    const { id, problem, detail } = entry;
    const cut = detail === undefined ? {} : { detail: detail.slice(0, MAX_DETAIL_LENGTH) };
    const content = Buffer.concat([Buffer.from(`${JSON.stringify({ ...entry, ...cut })}\n`), record]);
    if (!(await this.#space.reserve(content.length))) throw new Error('the disk of the quarantine is full');
    const file = this.#pathOf(fileNameOf(id));
    const isNew = (await ifExists(stat(file))) === undefined;
    await replaceFile(file, content);
    await syncFolder(this.folder);
    if (isNew) this.#entries += 1;
    this.#log.error('an event cannot be published: it was quarantined', { id, problem, ...cut });
  }

  #pathOf(file: string): string {
    return path.join(this.folder, file);
  }

  async #files(): Promise<string[]> {
    const files = await readdir(this.folder, { withFileTypes: true });
    return files.filter((file) => file.isFile() && isRecordFile(file.name)).map(({ name }) => name);
  }
}

/** Ids of messages are safe file names; other ids are hashed, and the header contains the id itself. */
function fileNameOf(id: string): string {
  return (SAFE_NAME.test(id) ? id : createHash('sha256').update(id).digest('hex')) + SUFFIX;
}

function isRecordFile(file: string): boolean {
  return file.endsWith(SUFFIX) && SAFE_NAME.test(path.basename(file, SUFFIX));
}

interface FileContent {
  readonly header: QuarantineHeader;
  readonly record: Buffer;
}

async function readFileOf(file: string, limit = Infinity): Promise<FileContent> {
  const handle = await open(file, 'r');
  try {
    const { size, mtimeMs } = await handle.stat();
    const { buffer, bytesRead } = await handle.read({ buffer: Buffer.alloc(Math.min(size, limit)) });
    const content = buffer.subarray(0, bytesRead);
    const end = Math.max(0, content.indexOf('\n'));
    const name = path.basename(file);
    const { data } = headerSchema.safeParse(parseJson(content.toString('utf8', 0, end)));
    if (data !== undefined && fileNameOf(data.id) === name) return { header: data, record: content.subarray(end + 1) };
    const unreadable = { id: path.basename(name, SUFFIX), problem: UNREADABLE, quarantinedAt: Math.floor(mtimeMs) };
    return { header: unreadable, record: content };
  } finally {
    await handle.close();
  }
}

function parseJson(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
