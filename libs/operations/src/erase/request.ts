import { z } from 'zod';
import { criterionSchema } from './criterion';

/** What was found and erased in one place. */
export const erasedSchema = z.object({
  found: z.number(),
  erased: z.number(),
  /** What could not be searched or erased, and why; empty: the place is done. */
  problems: z.array(z.string()),
});
export type Erased = z.infer<typeof erasedSchema>;

/** What `pdaltagent dead-letters erase` asks of a gateway, over the socket in its spool's folder: the gateway has the spool to itself. */
export const eraseRequestSchema = z.object({
  criterion: criterionSchema,
  dryRun: z.boolean(),
  /** Who erases, for the journal; commands of earlier versions do not say. */
  by: z.string().max(200).optional(),
});
export type EraseRequest = z.infer<typeof eraseRequestSchema>;

export const eraseResponseSchema = z.object({ spool: erasedSchema });

export const ERASE_PATH = '/erase';
/** A maximum for the request, in bytes: far more than a text of a person. */
export const MAXIMUM_REQUEST_BYTES = 64 * 1024;
