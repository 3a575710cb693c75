import { type FactKind, type FactOf, type MessageReference } from './fact';

/** With each optional field, so that one that is not written is noticed. */
type Complete<Kind extends FactKind> = Required<Omit<FactOf<Kind>, 'at'>>;

export const MESSAGE: Required<MessageReference> = {
  group: 'events',
  id: '0197f22e-5f5e-7a5f-8a30-9a3b6ad3e001',
  type: 'v2',
  action: 'trigger',
  key: '…d1a6',
  digest: '0f343b0931126a20f133d67c2b018a3b',
  alert: 'db1/disk',
  accepted: 1_767_225_600_123,
};

export const ACCEPTED = {
  ...MESSAGE,
  kind: 'accepted',
  bytes: 812,
  lane: 7,
  token: 'monitoring',
  severity: 'critical',
  source: 'db1.example.com',
  summary: 'disk “/” is full',
} as const satisfies Complete<'accepted'>;

const KEY = { group: 'events', key: '…d1a6', digest: 'abc' } as const;

/** One of each kind. */
export const CONTENTS: { readonly [Kind in FactKind]: Complete<Kind> } = {
  accepted: ACCEPTED,
  attempted: {
    ...MESSAGE,
    kind: 'attempted',
    attempt: 2,
    outcome: 'failed',
    reason: 'server-error',
    status: 503,
    answer: 'try again, Jane',
    ms: 31,
  },
  delivered: { ...MESSAGE, kind: 'delivered', attempt: 1, status: 202, ms: 120 },
  repeated: { ...MESSAGE, kind: 'repeated' },
  'dead-lettered': { ...MESSAGE, kind: 'dead-lettered', reason: 'rejected', status: 400, answer: 'no, Jane' },
  quarantined: { ...MESSAGE, kind: 'quarantined', problem: 'damaged' },
  discarded: { kind: 'discarded', group: 'events', id: MESSAGE.id, from: 'quarantine', by: 'jane', why: 'a test' },
  expired: { kind: 'expired', group: 'events', id: MESSAGE.id, limit: 'age' },
  replayed: { kind: 'replayed', group: 'webhooks', id: MESSAGE.id, as: 'another', by: 'jane' },
  'key-parked': { ...KEY, kind: 'key-parked', lane: 7, siding: 0 },
  'key-returned': { ...KEY, kind: 'key-returned', lane: 7 },
  'key-throttled': { ...KEY, kind: 'key-throttled' },
  circuit: { kind: 'circuit', group: 'webhooks', destination: 'chat', state: 'open' },
  'spool-mode': { kind: 'spool-mode', mode: 'spool', cause: 'away' },
  'lane-taken': { kind: 'lane-taken', group: 'events', lane: 31 },
  'lane-released': { kind: 'lane-released', group: 'events', lane: 31 },
  polled: { kind: 'polled', from: 1, to: 2, entries: 3, lag: 4 },
  'destination-paused': { kind: 'destination-paused', destination: 'chat', by: 'jane' },
  'destination-resumed': { kind: 'destination-resumed', destination: 'chat', by: 'jane' },
  started: { kind: 'started', version: '1.2.3' },
  stopped: { kind: 'stopped', version: '1.2.3' },
  'operator-action': { kind: 'operator-action', by: 'jane', action: 'purge', target: 'spool' },
  gap: { kind: 'gap', facts: 12, from: 1, to: 2 },
  erased: { kind: 'erased', by: 'jane', digests: ['a', 'b'] },
};
