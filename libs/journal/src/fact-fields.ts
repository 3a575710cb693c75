import { FAULTS, type FailureReason } from '@pdaltagent/delivery';
import { ATTEMPT_OUTCOMES, MESSAGE_TYPES } from '@pdaltagent/messaging';
import { type Fact, type FactGroup, type FactKind, type FactOf } from './fact';

type Check = (value: unknown) => boolean;
type FieldsOf<Kind extends FactKind> = { readonly [Field in Exclude<keyof FactOf<Kind>, 'kind' | 'at'>]-?: Check };

const text: Check = (value) => typeof value === 'string';
const number: Check = (value) => typeof value === 'number';
const texts: Check = (value) => Array.isArray(value) && value.every(text);
const optional =
  (check: Check): Check =>
  (value) =>
    value === undefined || check(value);
const oneOf = (values: readonly unknown[]): Check => {
  const known = new Set(values);
  return (value) => known.has(value);
};

const group = oneOf(['events', 'webhooks'] satisfies readonly FactGroup[]);
const reason = oneOf([
  ...FAULTS,
  'server-error',
  'request-timeout',
  'way',
  'unrecognized-answer',
] satisfies readonly FailureReason[]);
const outcome = oneOf(ATTEMPT_OUTCOMES.filter((known) => known !== 'delivered'));

const MESSAGE = {
  group,
  id: text,
  type: oneOf(MESSAGE_TYPES),
  action: optional(text),
  key: text,
  digest: optional(text),
  alert: optional(text),
  accepted: number,
};
const KEY = { group, key: text, digest: optional(text) };
const LANE = { group, lane: number };
const DESTINATION = { destination: text, by: optional(text) };
const PROCESS = { version: text };

const FIELDS: { readonly [Kind in FactKind]: FieldsOf<Kind> } = {
  accepted: {
    ...MESSAGE,
    bytes: number,
    lane: optional(number),
    token: optional(text),
    severity: optional(text),
    source: optional(text),
    summary: optional(text),
  },
  attempted: {
    ...MESSAGE,
    attempt: number,
    outcome,
    reason: optional(reason),
    status: optional(number),
    answer: optional(text),
    ms: number,
  },
  delivered: { ...MESSAGE, attempt: number, status: number, ms: number },
  repeated: MESSAGE,
  'dead-lettered': { ...MESSAGE, reason: text, status: optional(number), answer: optional(text) },
  quarantined: { ...MESSAGE, problem: text },
  discarded: { group, id: text, from: oneOf(['dead letters', 'quarantine', 'spool']), by: text, why: optional(text) },
  expired: { group, id: text, limit: text },
  replayed: { group, id: text, as: optional(text), by: text },
  'key-parked': { ...KEY, lane: number, siding: number },
  'key-returned': { ...KEY, lane: number },
  'key-throttled': KEY,
  circuit: { group, destination: optional(text), state: oneOf(['open', 'closed']) },
  'spool-mode': { mode: text, cause: optional(text) },
  'lane-taken': LANE,
  'lane-released': LANE,
  polled: { from: number, to: number, entries: number, lag: number },
  'destination-paused': DESTINATION,
  'destination-resumed': DESTINATION,
  started: PROCESS,
  stopped: PROCESS,
  'operator-action': { by: text, action: text, target: text },
  gap: { facts: number, from: number, to: number },
  erased: { by: text, digests: texts },
};

const CHECKS: ReadonlyMap<unknown, readonly (readonly [string, Check])[]> = new Map(
  Object.entries(FIELDS).map(([kind, fields]) => [kind, Object.entries(fields)]),
);

/** Whether an object with a time has the fields of its kind, which this release knows. It may have more. */
export function isFact(value: Readonly<Record<string, unknown>>): value is Readonly<Record<string, unknown>> & Fact {
  const checks = CHECKS.get(value['kind']);
  return checks !== undefined && checks.every(([field, check]) => check(value[field]));
}
