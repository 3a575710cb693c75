import { FRAMING_HEADERS } from '@pdaltagent/delivery';
import { z } from 'zod';

/** A string, or a reference to an environment variable or to a file. */
export type Value = string | { readonly env: string } | { readonly file: string };

const text = (expected: string) => z.string({ error: expected }).min(1, { error: expected });

const value = z.union(
  [text('a text'), z.strictObject({ env: text('a name') }), z.strictObject({ file: text('a path') })],
  {
    error: 'a string, {env: NAME} or {file: path}',
  },
);

const secrets = z
  .array(value, { error: 'a list of one or two secrets' })
  .min(1)
  .max(2, { error: 'one or two secrets' });

const list = (what: string, item: z.ZodType<string>) =>
  z.array(item, { error: `a list of ${what}` }).min(1, { error: `a list of ${what}, not an empty one` });

/** Headers that the sender sets itself. */
const RESERVED: ReadonlySet<string> = new Set([
  ...FRAMING_HEADERS,
  'accept',
  'user-agent',
  'webhook-id',
  'webhook-signature',
  'webhook-timestamp',
  'x-pagerduty-signature',
  'x-webhook-id',
  'x-webhook-subscription',
]);

const headerName = z
  .string()
  .regex(/^[\w!#$%&'*+.^`|~-]+$/, { error: 'a header name' })
  .refine((name) => !RESERVED.has(name.toLowerCase()), { error: 'is a header that the sender sets itself' });

const NAME = 'a name of letters, digits, dots, colons, dashes and underscores, at most 100';

/** One element of the list. */
export const destinationSchema = z.strictObject(
  {
    name: z.string({ error: NAME }).regex(/^[A-Za-z0-9][\w.:-]{0,99}$/, { error: NAME }),
    url: value,
    format: z.enum(['v2', 'v3'], { error: 'v2 or v3' }).default('v2'),
    secrets: secrets.optional(),
    standardSecrets: secrets.optional(),
    headers: z.record(headerName, value, { error: 'header names with their values' }).optional(),
    timeoutSeconds: z
      .number({ error: 'a number of seconds' })
      .min(1, { error: 'at least 1 second' })
      .max(600, { error: 'at most 600 seconds' })
      .optional(),
    filters: z
      .strictObject(
        {
          services: list('service ids', text('a service id')).optional(),
          teams: list('team ids', text('a team id')).optional(),
          events: list(
            'event names',
            z
              .string({ error: 'an event name' })
              .regex(/^[a-z0-9_]+(\.[a-z0-9_]+)+$/, { error: 'an event name, such as incident.triggered' }),
          ).optional(),
          urgencies: list('urgencies', z.enum(['high', 'low'], { error: 'high or low' })).optional(),
          priorities: list('priorities', text('the id or the name of a priority, or none')).optional(),
        },
        { error: 'a map of filters: services, teams, events, urgencies, priorities' },
      )
      .optional(),
    tls: z
      .strictObject(
        {
          ca: text('the path of a file').optional(),
          certificate: text('the path of a file').optional(),
          key: text('the path of a file').optional(),
        },
        { error: 'a map of files: ca, certificate, key' },
      )
      .optional(),
    allowMetadataAddresses: z.boolean({ error: 'true or false' }).default(false),
  },
  { error: 'a destination: name, url, format, …' },
);

export type Definition = z.infer<typeof destinationSchema>;

const NON_EMPTY_LIST = 'a list `destinations` of at least one destination';

/** The whole file. A message completes "must be …". */
export const destinationsSchema = z.strictObject(
  { destinations: z.array(destinationSchema, { error: NON_EMPTY_LIST }).min(1, { error: NON_EMPTY_LIST }) },
  { error: NON_EMPTY_LIST },
);
