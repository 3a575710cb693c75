import { type AcceptedEvent } from './senders';
import { type EventRequest } from './requests';

/** A moment that shows what went wrong. */
export interface Evidence {
  /** When it was; ms. */
  readonly at: number;
  readonly text: string;
}

/** When a request was sent and processed. */
export function evidenceOf({ id, event: { action }, process, at, processedAt }: EventRequest): readonly Evidence[] {
  const sent = { at, text: `${process.name} posts ${action} ${id} to PagerDuty` };
  if (processedAt === undefined) return [sent];
  return [sent, { at: processedAt, text: `PagerDuty processes ${action} ${id} of ${process.name}` }];
}

/** When a sender got its 202. */
export function acceptanceOf({ id, event: { action }, at }: AcceptedEvent): Evidence {
  return { at, text: `the sender gets 202 for ${action} ${id}` };
}
