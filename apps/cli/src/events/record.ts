import { type MessageHistory, type MessageState } from '@pdaltagent/journal';
import { instantOf } from '../duration';

/** A message, as `--json` shows it. */
export interface MessageRecord {
  readonly id: string;
  readonly family: 'events' | 'webhooks';
  readonly state: MessageState;
  readonly accepted_at: string | null;
  /** The time of its latest fact. */
  readonly changed_at: string;
  readonly delivered_at: string | null;
  readonly type: string | null;
  readonly action: string | null;
  readonly key: string | null;
  readonly alert: string | null;
  readonly severity: string | null;
  readonly source: string | null;
  readonly summary: string | null;
  readonly attempts: number;
  /** Why it was last not delivered. */
  readonly problem: string | null;
  readonly replayed_as: string | null;
  /** Its texts were erased. */
  readonly erased: boolean;
}

export function recordOf(message: MessageHistory): MessageRecord {
  const { accepted, changedAt, deliveredAt } = message;
  return {
    id: message.id,
    family: message.group,
    state: message.state,
    accepted_at: accepted === undefined ? null : instantOf(accepted),
    changed_at: instantOf(changedAt),
    delivered_at: deliveredAt === undefined ? null : instantOf(deliveredAt),
    type: message.type ?? null,
    action: message.action ?? null,
    key: message.key ?? null,
    alert: message.alert ?? null,
    severity: message.severity ?? null,
    source: message.source ?? null,
    summary: message.summary ?? null,
    attempts: message.attempts,
    problem: message.problem ?? null,
    replayed_as: message.replayedAs ?? null,
    erased: message.isErased,
  };
}
