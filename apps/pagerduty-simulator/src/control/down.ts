import { z } from 'zod';

/** A simulated outage. */
export const downSchema = z
  .strictObject({
    /** refuse: the port is closed, including this API; reset: connections are accepted and reset, this API responds. */
    mode: z.enum(['refuse', 'reset']).default('refuse'),
    /** Optional with `reset`: the default is until DELETE /_control/down. */
    forMs: z.number().min(1).optional(),
  })
  .refine(({ mode, forMs }) => mode === 'reset' || forMs !== undefined, {
    message: 'refuse requires forMs, because the control API is closed as well',
  });

export type Down = z.infer<typeof downSchema>;
