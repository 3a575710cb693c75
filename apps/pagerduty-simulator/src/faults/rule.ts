import { z } from 'zod';

/** A text that must be equal, or, with `*` at the end, a prefix. */
const pattern = z.string().min(1);

const match = z.strictObject({
  path: pattern.optional(),
  routingKey: pattern.optional(),
  dedupKey: pattern.optional(),
  action: pattern.optional(),
  /** A substring of the query, such as `offset=100`. */
  query: z.string().min(1).optional(),
});

const effect = z.discriminatedUnion('kind', [
  /** Delays the response by `ms` to `ms` + `jitterMs`. The event is accepted on receipt. */
  z.strictObject({ kind: z.literal('latency'), ms: z.number().min(0), jitterMs: z.number().min(0).default(0) }),
  /** Delays the response until the rule is removed. An event is accepted on receipt; a REST response is created afterwards. */
  z.strictObject({ kind: z.literal('hold') }),
  /** Answers with this status; the event is not accepted. */
  z.strictObject({
    kind: z.literal('status'),
    status: z.number().int().min(200).max(599),
    retryAfter: z.union([z.number(), z.string()]).optional(),
    headers: z.record(z.string(), z.string()).default({}),
    body: z.unknown().optional(),
  }),
  /** Resets the connection; the event is not accepted. */
  z.strictObject({ kind: z.literal('reset') }),
  /** Never answers; the event is not accepted. */
  z.strictObject({ kind: z.literal('hang') }),
  /** Accepts the event, then resets the connection instead of answering. */
  z.strictObject({ kind: z.literal('lose-answer') }),
  /** Accepts the event, then sends half of the response's body and closes. */
  z.strictObject({ kind: z.literal('cut-answer') }),
  /** Answers as if the event had been accepted, but does not record it. */
  z.strictObject({ kind: z.literal('swallow') }),
  /** Accepts the event and records it twice. */
  z.strictObject({ kind: z.literal('double') }),
  /** Accepts the event and swaps its record with the next one of its alert. */
  z.strictObject({ kind: z.literal('swap') }),
]);

/** A fault as the control API accepts it. */
export const ruleSchema = z.strictObject({
  id: z
    .string()
    .regex(/^[\w.-]{1,100}$/, 'must consist of letters, digits, _, . and -')
    .optional(),
  match: match.default({}),
  effect,
  /** Number of requests that it affects; absent: unlimited. */
  times: z.number().int().min(1).optional(),
  /** Number of matching requests that pass first. */
  skip: z.number().int().min(0).default(0),
  probability: z.number().min(0).max(1).default(1),
  /** How long it applies, from now; absent: until it is removed. */
  forMs: z.number().min(0).optional(),
  /** Seed for probability and jitter. */
  seed: z.number().int().default(1),
});

export type Rule = z.infer<typeof ruleSchema>;
export type Effect = Rule['effect'];
/** The effect of a rule other than a delay. */
export type ResponseFault = Exclude<Effect, { kind: 'latency' | 'hold' }>;

/** The properties of a request that rules match. */
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
