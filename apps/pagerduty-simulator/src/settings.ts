import { z } from 'zod';

const perMinute = z.number().int().min(0).nullable();

/** What the control API can change while the simulator runs. */
export const settingsSchema = z.strictObject({
  /** Events a minute per routing key, in a sliding window; null: no limit. PagerDuty's is about 120. */
  eventsPerMinute: perMinute.default(null),
  /** The same for single routing keys. */
  eventsPerMinuteByKey: z.record(z.string(), perMinute).default({}),
  /** Seconds in the Retry-After of a throttled event; null: no such header, as PagerDuty. */
  throttleRetryAfterSeconds: z.number().min(0).nullable().default(null),
  /** REST requests a minute per token; null: no limit. */
  restPerMinute: perMinute.default(960),
  /** How far PagerDuty's clock is ahead of this machine's. */
  clockSkewMs: z.number().int().default(0),
  /** How long after its created_at a log entry appears: a number, or the bounds of a random one. */
  indexingDelayMs: z.union([z.number().min(0), z.tuple([z.number().min(0), z.number().min(0)])]).default(0),
  /** Every new incident also gets an assign_log_entry, as at PagerDuty. */
  assignOnTrigger: z.boolean().default(false),
});

export type Settings = z.infer<typeof settingsSchema>;

export const DEFAULT_SETTINGS: Settings = settingsSchema.parse({});
