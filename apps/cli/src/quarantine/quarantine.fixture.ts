import { type OutgoingMessage, writeRecord } from '@pdaltagent/messaging';
import { Quarantine, type QuarantineEntry, type QuarantineProblem } from '@pdaltagent/spool';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { KEY, MINUTE, NOW } from '../cli.fixture';

const log = { info: () => undefined, warn: () => undefined, error: () => undefined };

export interface Event {
  readonly id: string;
  readonly alert?: string;
  readonly action?: string;
  readonly key?: string;
  readonly type?: OutgoingMessage['type'];
  readonly ageMs?: number;
  readonly forward?: Readonly<Record<string, string>>;
  /** Size of its summary in bytes. */
  readonly size?: number;
}

/** An event as a gateway accepts it. */
export function messageOf({ id, alert = 'db1/disk', action = 'trigger', key = KEY, ...rest }: Event): OutgoingMessage {
  const { type = 'v2', ageMs = 10 * MINUTE, size = 10, ...others } = rest;
  const payload = { summary: 'x'.repeat(size) };
  return {
    id,
    type,
    routingKey: key,
    orderKey: `${key}:${alert}`,
    body: Buffer.from(JSON.stringify({ routing_key: key, event_action: action, dedup_key: alert, payload })),
    contentType: 'application/json',
    receivedAt: NOW - ageMs,
    ...others,
  };
}

export class GatewayFolder {
  readonly path = mkdtempSync(path.join(tmpdir(), 'gateway-state-'));
  readonly environment = { PDAGENTD_STATE_DIR: this.path };
  readonly folder = path.join(this.path, 'spool', 'quarantine');
  #quarantine: Quarantine | undefined;
  #count = 0;

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }

  async quarantine(): Promise<Quarantine> {
    return (this.#quarantine ??= await Quarantine.open(this.folder, log));
  }

  /** Puts events into the quarantine as a gateway does, a millisecond apart. */
  async add(...events: readonly Event[]): Promise<void> {
    for (const event of events) await this.put(event.id, writeRecord(messageOf(event)));
  }

  async put(
    id: string,
    record: Buffer,
    changes: { problem?: QuarantineProblem; detail?: string; quarantinedAt?: number } = {},
  ): Promise<void> {
    this.#count += 1;
    const quarantinedAt = NOW - 5 * MINUTE + this.#count;
    await (await this.quarantine()).add({ id, problem: 'refused', quarantinedAt, record, ...changes });
  }

  async ids(): Promise<string[]> {
    return (await (await this.quarantine()).list()).map(({ id }) => id);
  }

  async read(id: string): Promise<QuarantineEntry | undefined> {
    return (await this.quarantine()).read(id);
  }
}
