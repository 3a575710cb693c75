import { z } from 'zod';
import { DEFAULT_POLICY, ON_CALL, OTHER_POLICY, type Person, SECOND_LINE } from '../incidents/account';
import { changeStatus, type Incident } from '../incidents/incident';
import { type Desk, type EntryDraft } from '../incidents/desk';
import { type LogEntry } from '../incidents/journal';

const anything = z.record(z.string(), z.unknown());

/** The body of POST /_control/log_entries. */
export const scriptSchema = z.strictObject({
  /** `annotate` or `annotate_log_entry`, or any type you like, known or not. */
  type: z.string().min(1).default('annotate'),
  /** Id or number of an incident; null: an entry without one; absent: that of routingKey and dedupKey. */
  incident: z.union([z.string(), z.number()]).nullable().optional(),
  routingKey: z.string().min(1).default('0123456789abcdef0123456789abcdef'),
  dedupKey: z.string().min(1).default('scripted'),
  /** The text of a note. */
  note: z.string().default('A note'),
  /** The name of a priority. */
  priority: z.string().default('P1'),
  id: z.string().min(1).optional(),
  createdAt: z.iso.datetime({ offset: true }).optional(),
  visibleAfterMs: z.number().min(0).optional(),
  /** How many entries, each `spacingMs` older than the next. */
  count: z.number().int().min(1).max(1_000_000).default(1),
  spacingMs: z.number().min(0).default(0),
  /** Members that replace those of the entry; null values stay null. */
  fields: anything.default({}),
  /** The whole entry as it is to be given; only id, self and created_at are added where they are missing. */
  raw: anything.optional(),
});

export type Script = z.infer<typeof scriptSchema>;

interface Meaning {
  readonly summary: string;
  readonly channel?: Readonly<Record<string, unknown>>;
  readonly extra?: Readonly<Record<string, unknown>>;
  readonly agent?: 'service';
  readonly apply?: (incident: Incident, at: number) => void;
}

const user = ({ id, name }: Person) => ({ id, type: 'user_reference', summary: name, self: null, html_url: null });

/** What the known types say, and what they do to the incident. */
function meaning(type: string, { note, priority }: Script): Meaning {
  switch (type) {
    case 'annotate_log_entry':
      return { summary: 'Note added by On-call Engineer', channel: { type: 'note', summary: note } };
    case 'assign_log_entry':
      return assigning('Reassigned to Second Line', (incident) => (incident.assignee = SECOND_LINE));
    case 'escalate_log_entry':
      return assigning('Escalated to Second Line', (incident) => (incident.assignee = SECOND_LINE));
    case 'delegate_log_entry':
      return assigning('Delegated to Other team', (incident) => {
        incident.policy = incident.policy === OTHER_POLICY ? DEFAULT_POLICY : OTHER_POLICY;
        incident.assignee = SECOND_LINE;
      });
    case 'acknowledge_log_entry':
      return {
        summary: 'Acknowledged by On-call Engineer',
        extra: { acknowledgement_timeout: 1800 },
        apply: (incident, at) => changeStatus(incident, 'acknowledged', at, ON_CALL),
      };
    case 'unacknowledge_log_entry':
      return {
        summary: 'Unacknowledged after the timeout',
        channel: { type: 'timeout' },
        agent: 'service',
        apply: (incident, at) => changeStatus(incident, 'triggered', at, null),
      };
    case 'resolve_log_entry':
      return {
        summary: 'Resolved by On-call Engineer',
        apply: (incident, at) => changeStatus(incident, 'resolved', at, ON_CALL),
      };
    case 'notify_log_entry':
      return {
        summary: 'Notified On-call Engineer by e-mail',
        channel: { type: 'auto' },
        extra: { user: user(ON_CALL) },
        agent: 'service',
      };
    case 'snooze_log_entry':
      return { summary: 'Snoozed by On-call Engineer', extra: { changed_actions: [] } };
    case 'urgency_change_log_entry':
      return {
        summary: 'Urgency changed by On-call Engineer',
        apply: (incident) => (incident.urgency = incident.urgency === 'high' ? 'low' : 'high'),
      };
    case 'priority_change_log_entry':
      return {
        summary: 'Priority changed by On-call Engineer',
        channel: { type: 'website', old_priority: null, new_priority: { summary: priority } },
        apply: (incident) => (incident.priority = priority),
      };
    default:
      return { summary: `A ${type}` };
  }
}

function assigning(summary: string, apply: (incident: Incident) => void): Meaning {
  return { summary, extra: { assignees: [user(SECOND_LINE)] }, apply };
}

/** Writes the entries of a script, oldest first, and answers them newest last. */
export function runScript(desk: Desk, script: Script): LogEntry[] | 'no such incident' {
  const incident = incidentOf(desk, script);
  if (incident === undefined) return 'no such incident';
  const type = script.type.endsWith('_log_entry') ? script.type : `${script.type}_log_entry`;
  const { summary, channel = { type: 'website' }, extra = {}, agent, apply } = meaning(type, script);
  const newest = script.createdAt === undefined ? desk.now() : Date.parse(script.createdAt);
  if (incident && apply) apply(incident, newest);
  if (incident?.status === 'resolved') desk.closed(incident);
  const draft: EntryDraft = {
    type,
    summary,
    incident,
    channel,
    extra: { ...extra, ...script.fields },
    agent: agent === 'service' ? { kind: 'service' } : { kind: 'user', user: ON_CALL },
    raw: script.raw ?? null,
    ...(script.visibleAfterMs === undefined ? {} : { visibleAfterMs: script.visibleAfterMs }),
  };
  return Array.from({ length: script.count }, (_, index) => {
    const createdAt = newest - (script.count - 1 - index) * script.spacingMs;
    const id = script.id !== undefined && script.count === 1 ? { id: script.id } : {};
    return desk.log({ ...draft, ...id, createdAt });
  });
}

/** undefined: it was named and is not there. An incident that was not named is opened where it does not exist. */
function incidentOf(desk: Desk, { incident, routingKey, dedupKey }: Script): Incident | null | undefined {
  if (incident === null) return null;
  if (incident !== undefined) return desk.find(String(incident));
  const event = {
    routingKey,
    dedupKey,
    action: 'trigger',
    title: 'A scripted incident',
    severity: null,
    details: null,
  };
  return desk.open(routingKey, dedupKey) ?? desk.trigger(event, dedupKey);
}
