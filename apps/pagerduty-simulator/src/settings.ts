import { z } from 'zod';

const perMinute = z.number().int().min(0).nullable();

/** Settings that the control API can change at run time. */
export const settingsSchema = z.strictObject({
  /** Accepted events per minute and routing key, in a sliding window; null: no limit. PagerDuty's is about 120. */
  eventsPerMinute: perMinute.default(null),
  /** The same for individual routing keys. */
  eventsPerMinuteByKey: z.record(z.string(), perMinute).default({}),
  /** Seconds in Retry-After for a throttled event; null: no such header, as at PagerDuty. */
  throttleRetryAfterSeconds: z.number().min(0).nullable().default(null),
  /** REST requests per minute and token; null: no limit. */
  restPerMinute: perMinute.default(960),
  /** How far PagerDuty's clock is ahead of this machine's. */
  clockSkewMs: z.number().int().default(0),
  /** How long after created_at a log entry becomes visible: a number, or the bounds of a random one. */
  indexingDelayMs: z.union([z.number().min(0), z.tuple([z.number().min(0), z.number().min(0)])]).default(0),
  /** Whether a new incident also gets an assign_log_entry, as at PagerDuty. */
  assignOnTrigger: z.boolean().default(false),
});

export type SimulatorSettings = z.infer<typeof settingsSchema>;

export const DEFAULT_SETTINGS: SimulatorSettings = settingsSchema.parse({});
