import { z } from 'zod';
import { DEFAULT_POLICY, ON_CALL, OTHER_POLICY, type Person, SECOND_LINE } from '../incidents/account';
import { changeStatus, type Incident } from '../incidents/incident';
import { type EntryDraft, type EntryTiming, type IncidentStore } from '../incidents/incident-store';
import { type LogEntry } from '../incidents/journal';

const anything = z.record(z.string(), z.unknown());

/** One item in the body of POST /_control/log_entries. */
const scriptSchema = z.strictObject({
  /** For example `annotate` or `annotate_log_entry`; unknown types are accepted. */
  type: z.string().min(1).default('annotate'),
  /** Id or number of an incident; null: an entry without one; absent: the incident of routingKey and dedupKey, or none with raw. */
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
  /** Number of entries, each `spacingMs` older than the next. */
  count: z.number().int().min(1).max(1_000_000).default(1),
  spacingMs: z.number().min(0).default(0),
  /** Members that replace those of the entry; null values remain null. */
  fields: anything.default({}),
  /** The complete entry as returned; only missing id, self and created_at are added. */
  raw: anything.optional(),
});

/** The body of POST /_control/log_entries: one script or several, run in order. */
export const scriptsSchema = z.union([scriptSchema, z.array(scriptSchema)]);

export type Script = z.infer<typeof scriptSchema>;

interface EntryEffect {
  readonly summary: string;
  readonly channel?: Readonly<Record<string, unknown>>;
  readonly extra?: Readonly<Record<string, unknown>>;
  readonly agent?: 'service';
  readonly applyTo?: (incident: Incident, at: number) => void;
}

const user = ({ id, name }: Person) => ({ id, type: 'user_reference', summary: name, self: null, html_url: null });

/** The summary of a known type, and its effect on the incident. */
function effectOf(type: string, { note, priority }: Script): EntryEffect {
  switch (type) {
    case 'trigger_log_entry':
      return { summary: 'Triggered through the API', channel: { type: 'api' }, agent: 'service' };
    case 'annotate_log_entry':
      return { summary: 'Note added by On-call Engineer', channel: { type: 'note', summary: note } };
    case 'assign_log_entry':
      return assignment('Reassigned to Second Line', (incident) => (incident.assignee = SECOND_LINE));
    case 'escalate_log_entry':
      return assignment('Escalated to Second Line', (incident) => (incident.assignee = SECOND_LINE));
    case 'delegate_log_entry':
      return assignment('Delegated to Other team', (incident) => {
        incident.policy = incident.policy === OTHER_POLICY ? DEFAULT_POLICY : OTHER_POLICY;
        incident.assignee = SECOND_LINE;
      });
    case 'acknowledge_log_entry':
      return {
        summary: 'Acknowledged by On-call Engineer',
        extra: { acknowledgement_timeout: 1800 },
        applyTo: (incident, at) => changeStatus(incident, 'acknowledged', at, ON_CALL),
      };
    case 'unacknowledge_log_entry':
      return {
        summary: 'Unacknowledged after the timeout',
        channel: { type: 'timeout' },
        agent: 'service',
        applyTo: (incident, at) => changeStatus(incident, 'triggered', at, null),
      };
    case 'resolve_log_entry':
      return {
        summary: 'Resolved by On-call Engineer',
        applyTo: (incident, at) => changeStatus(incident, 'resolved', at, ON_CALL),
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
        applyTo: (incident) => (incident.urgency = incident.urgency === 'high' ? 'low' : 'high'),
      };
    case 'priority_change_log_entry':
      return {
        summary: 'Priority changed by On-call Engineer',
        channel: { type: 'website', old_priority: null, new_priority: { summary: priority } },
        applyTo: (incident) => (incident.priority = priority),
      };
    default:
      return { summary: `A ${type}` };
  }
}

function assignment(summary: string, apply: (incident: Incident) => void): EntryEffect {
  return { summary, extra: { assignees: [user(SECOND_LINE)] }, applyTo: apply };
}

/** Writes the entries of a script, oldest first. @returns undefined if the script names an unknown incident */
export function runScript(store: IncidentStore, script: Script): LogEntry[] | undefined {
  const type = script.type.endsWith('_log_entry') ? script.type : `${script.type}_log_entry`;
  const newest = script.createdAt === undefined ? store.now() : Date.parse(script.createdAt);
  const times = Array.from(
    { length: script.count },
    (_, index) => newest - (script.count - 1 - index) * script.spacingMs,
  );
  const later = script.visibleAfterMs === undefined ? {} : { visibleAfterMs: script.visibleAfterMs };

  const found = findOrOpenIncident(store, script, { createdAt: times[0] ?? newest, ...later });
  if (found === undefined) return undefined;
  const { incident, opening } = found;
  const { summary, channel = { type: 'website' }, extra = {}, agent, applyTo: apply } = effectOf(type, script);
  if (incident && apply) apply(incident, newest);
  if (incident?.status === 'resolved') store.close(incident);
  const draft: EntryDraft = {
    ...later,
    type,
    summary,
    incident,
    channel,
    extra: { ...extra, ...script.fields },
    agent: agent === 'service' ? { kind: 'service' } : { kind: 'user', user: ON_CALL },
    raw: script.raw ?? null,
    ...(script.id !== undefined && script.count === 1 ? { id: script.id } : {}),
  };
  // The trigger that opened the incident counts as the first of the requested entries.
  const isOpening = opening !== undefined && type === 'trigger_log_entry';
  const written = times.slice(isOpening ? 1 : 0).map((createdAt) => store.log({ ...draft, createdAt }));
  return isOpening ? [opening, ...written] : written;
}

interface FoundIncident {
  readonly incident: Incident | null;
  /** The trigger entry, if the incident was opened for the script. */
  readonly opening?: LogEntry | undefined;
}

/** Finds the script's incident; opens one if the script does not name any. @returns undefined if it names an unknown one */
function findOrOpenIncident(store: IncidentStore, script: Script, when: EntryTiming): FoundIncident | undefined {
  const { incident, routingKey, dedupKey } = script;
  if (incident === null || (incident === undefined && script.raw)) return { incident: null };
  if (incident !== undefined) {
    const named = store.find(String(incident));
    return named && { incident: named };
  }
  const open = store.open(routingKey, dedupKey);
  if (open) return { incident: open };
  const event = {
    routingKey,
    dedupKey,
    action: 'trigger',
    title: 'A scripted incident',
    severity: null,
    details: null,
  };
  const opened = store.trigger(event, dedupKey, when);
  return { incident: opened, opening: store.journal.find(opened.firstTriggerEntryId) };
}
