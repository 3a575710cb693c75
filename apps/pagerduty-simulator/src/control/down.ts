import { z } from 'zod';

/** How PagerDuty is away. */
export const downSchema = z
  .strictObject({
    /** refuse: nothing listens, this API neither; reset: connections are taken and reset, this API answers. */
    mode: z.enum(['refuse', 'reset']).default('refuse'),
    /** Absent with `reset`: until DELETE /_control/down. */
    forMs: z.number().min(1).optional(),
  })
  .refine(({ mode, forMs }) => mode === 'reset' || forMs !== undefined, {
    message: 'refuse wants forMs, for nothing listens meanwhile that could end it',
  });

export type Down = z.infer<typeof downSchema>;
