import { z } from 'zod';

/** A text that must be equal, or with a `*` at its end: one that must begin so. */
const pattern = z.string().min(1);

const match = z.strictObject({
  path: pattern.optional(),
  routingKey: pattern.optional(),
  dedupKey: pattern.optional(),
  action: pattern.optional(),
  /** A text that the query contains, such as `offset=100`. */
  query: z.string().min(1).optional(),
});

const effect = z.discriminatedUnion('kind', [
  /** Answers later, by `ms` and up to `jitterMs` more. The event counts as taken at its arrival. */
  z.strictObject({ kind: z.literal('latency'), ms: z.number().min(0), jitterMs: z.number().min(0).default(0) }),
  /** Answers once the rule is removed. The event counts as taken at its arrival; a REST answer tells what is then. */
  z.strictObject({ kind: z.literal('hold') }),
  /** Answers with this status; the event is not taken. */
  z.strictObject({
    kind: z.literal('status'),
    status: z.number().int().min(200).max(599),
    retryAfter: z.union([z.number(), z.string()]).optional(),
    headers: z.record(z.string(), z.string()).default({}),
    body: z.unknown().optional(),
  }),
  /** Resets the connection; the event is not taken. */
  z.strictObject({ kind: z.literal('reset') }),
  /** Never answers; the event is not taken. */
  z.strictObject({ kind: z.literal('hang') }),
  /** Takes the event, then resets the connection in place of the answer. */
  z.strictObject({ kind: z.literal('lose-answer') }),
  /** Takes the event, then sends half of the answer's body and closes. */
  z.strictObject({ kind: z.literal('cut-answer') }),
  /** Answers as if the event had been taken, and records nothing. */
  z.strictObject({ kind: z.literal('swallow') }),
  /** Takes the event and records it twice. */
  z.strictObject({ kind: z.literal('double') }),
  /** Takes the event and exchanges its record with the next one of its alert. */
  z.strictObject({ kind: z.literal('swap') }),
]);

/** A fault as the control API takes it. */
export const ruleSchema = z.strictObject({
  id: z
    .string()
    .regex(/^[\w.-]{1,100}$/, 'wants letters, digits, _, . and -')
    .optional(),
  match: match.default({}),
  effect,
  /** How many requests it hits before it is spent; absent: any number. */
  times: z.number().int().min(1).optional(),
  /** How many matching requests pass before the first is hit. */
  skip: z.number().int().min(0).default(0),
  probability: z.number().min(0).max(1).default(1),
  /** How long it stands, from now; absent: until it is removed. */
  forMs: z.number().min(0).optional(),
  /** Makes the probability's and the jitter's dice repeatable. */
  seed: z.number().int().default(1),
});

export type Rule = z.infer<typeof ruleSchema>;
export type Effect = Rule['effect'];
/** What a rule does besides waiting. */
export type ResponseFault = Exclude<Effect, { kind: 'latency' | 'hold' }>;

/** What rules look at. */
export interface RuleInput {
  readonly path: string;
  readonly query: string;
  readonly routingKey: string | null;
  readonly dedupKey: string | null;
  readonly action: string | null;
}

export function matches({ path, query, routingKey, dedupKey, action }: Rule['match'], input: RuleInput): boolean {
  return (
    matchesPattern(path, input.path) &&
    (query === undefined || input.query.includes(query)) &&
    matchesPattern(routingKey, input.routingKey) &&
    matchesPattern(dedupKey, input.dedupKey) &&
    matchesPattern(action, input.action)
  );
}

function matchesPattern(wanted: string | undefined, value: string | null): boolean {
  if (wanted === undefined) return true;
  if (value === null) return false;
  return wanted.endsWith('*') ? value.startsWith(wanted.slice(0, -1)) : value === wanted;
}
