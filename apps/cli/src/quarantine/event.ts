import { type IncomingMessage, readRecord } from '@pdaltagent/messaging';
import { type QuarantineEntry } from '@pdaltagent/spool';
import { descriptionOf } from '../dead-letters/description';
import { type Replayable } from '../dead-letters/plan';
import { bodyOf, timeOf } from '../dead-letters/record';
import { instantOf } from '../duration';

/** An event in the quarantine, with the members of a dead letter that a replay needs. */
export interface QuarantinedEvent extends Replayable {
  /** Undefined if this version cannot read its record. */
  readonly message: IncomingMessage | undefined;
  readonly entry: QuarantineEntry;
  /** Why it cannot be replayed; undefined if it can. */
  readonly unreadable: string | undefined;
}

export function eventOf(entry: QuarantineEntry): QuarantinedEvent {
  const { id, quarantinedAt: deadAt, record } = entry;
  const read = readRecord(record);
  switch (read.kind) {
    case 'message': {
      const { message } = read;
      return {
        id,
        deadAt,
        acceptedAt: message.originalReceivedAt ?? message.receivedAt,
        body: message.body,
        message: { ...message, maybeDuplicate: true, forward: message.forward ?? {} },
        entry,
        unreadable: undefined,
      };
    }
    case 'newer':
      return { ...unreadableEvent(entry), unreadable: `written by a newer version (record version ${read.version})` };
    case 'damaged':
      return { ...unreadableEvent(entry), unreadable: 'damaged' };
  }
}

function unreadableEvent(entry: QuarantineEntry) {
  return {
    id: entry.id,
    deadAt: entry.quarantinedAt,
    acceptedAt: undefined,
    body: entry.record,
    message: undefined,
    entry,
  };
}

/** As `--json` shows it. */
export function recordOf(event: QuarantinedEvent, now: number) {
  const { id, entry, message, acceptedAt, unreadable } = event;
  const { action, alert, key } = descriptionOf(event);
  return {
    id,
    problem: entry.problem,
    detail: entry.detail ?? '',
    quarantined_at: instantOf(entry.quarantinedAt),
    replayable: unreadable === undefined,
    unreadable: unreadable ?? null,
    bytes: entry.record.length,
    accepted_at: timeOf(acceptedAt),
    age_seconds: acceptedAt === undefined ? null : Math.max(0, Math.floor((now - acceptedAt) / 1000)),
    type: message?.type ?? null,
    key,
    action,
    alert,
  };
}

/** The body with the routing key masked; nothing of an unreadable record, which may contain the key anywhere. */
export function shownBodyOf(event: QuarantinedEvent) {
  return event.message === undefined ? { body: null, encoding: null } : bodyOf(event);
}
