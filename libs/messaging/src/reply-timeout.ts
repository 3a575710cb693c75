import { type Clock } from '@pdaltagent/clock';

/** A broker that does not answer a request within this time counts as lost, whatever its heartbeats say; milliseconds. */
export const REPLY_TIMEOUT_MS = 10_000;

/** The broker did not answer a request in time. */
export class NoReply extends Error {
  constructor(request: string, timeoutMs: number) {
    super(`no reply to ${request} within ${timeoutMs / 1_000} s`);
    this.name = 'NoReply';
  }
}

export interface ReplyOptions {
  /** What the broker is to answer, for the error: `channel.open`. */
  readonly request: string;
  readonly clock: Clock;
  /** By default 10 s. */
  readonly timeoutMs?: number | undefined;
  /** A broker that blocks publishing answers no requests: that time does not count. */
  readonly isBlocked?: () => boolean;
}

/** The broker's reply. @throws NoReply if it does not arrive in time */
export async function replyTo<Reply>(
  reply: Promise<Reply>,
  { request, clock, timeoutMs = REPLY_TIMEOUT_MS, isBlocked = () => false }: ReplyOptions,
): Promise<Reply> {
  let cancel = (): void => undefined;
  const timeout = new Promise<never>((_resolve, reject) => {
    const wait = (): void => {
      cancel = clock.after(timeoutMs, () => {
        if (isBlocked()) wait();
        else reject(new NoReply(request, timeoutMs));
      });
    };
    wait();
  });
  try {
    return await Promise.race([reply, timeout]);
  } finally {
    cancel();
  }
}

/** Whether the broker answers in time. @throws Error if it answers with an error */
export function hasReply(reply: Promise<unknown>, options: ReplyOptions): Promise<boolean> {
  return replyTo(reply, options).then(
    () => true,
    (error: unknown) => {
      if (error instanceof NoReply) return false;
      throw error;
    },
  );
}
