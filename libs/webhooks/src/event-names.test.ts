import { EVENTS_BY_KIND, eventNames, isRepeatedTrigger } from './event-names';
import { parseLogEntry } from './log-entry';

function entryOf(fields: object) {
  const entry = parseLogEntry({ id: 'R1', ...fields });
  if (entry === null) throw new Error('an object is an entry');
  return entry;
}

/** type, v2 event, v3 event_type, v3 data: the whole table, so that every change is noticed. */
const TABLE = `
trigger                    incident.trigger                    incident.triggered                   incident
acknowledge                incident.acknowledge                incident.acknowledged                incident
acknowledgement            incident.acknowledge                incident.acknowledged                incident
unacknowledge              incident.unacknowledge              incident.unacknowledged              incident
resolve                    incident.resolve                    incident.resolved                    incident
assign                     incident.assign                     incident.reassigned                  incident
escalate                   incident.escalate                   incident.escalated                   incident
delegate                   incident.delegate                   incident.delegated                   incident
annotate                   incident.annotate                   incident.annotated                   incident_note
exhaust_escalation_path    incident.exhaust_escalation_path    incident.exhaust_escalation_path     incident
notify                     incident.notify                     incident.notify                      incident
reach_ack_limit            incident.reach_ack_limit            incident.reach_ack_limit             incident
reach_trigger_limit        incident.reach_trigger_limit        incident.reach_trigger_limit         incident
repeat_escalation_path     incident.repeat_escalation_path     incident.repeat_escalation_path      incident
snooze                     incident.snooze                     incident.snooze                      incident
urgency_change             incident.urgency_change             incident.urgency_change              incident
field_value_change         incident.field_value_change         incident.field_value_change          incident
custom_field_value_change  incident.custom_field_value_change  incident.custom_field_values.updated incident_field_values
priority_change            incident.priority_change            incident.priority_updated            incident
responder_request          incident.responder_request          incident.responder.added             incident_responder
status_update              incident.status_update              incident.status_update_published     incident_status_update
reassign                   incident.assign                     incident.reassigned                  incident
link                       incident.link                       incident.link                        incident
unlink                     incident.unlink                     incident.unlink                      incident
event_rule_action          incident.event_rule_action          incident.event_rule_action           incident
`
  .trim()
  .split('\n')
  .map((line) => line.trim().split(/\s+/));

describe('the event of a log entry', () => {
  it.each(TABLE)('of type %s is %s in v2 and %s in v3', (kind, v2, v3, data) => {
    expect(eventNames(entryOf({ type: `${kind}_log_entry` }))).toEqual({ v2, v3, data });
  });

  it('is in the table for every known type', () => {
    expect([...EVENTS_BY_KIND.keys()].sort()).toEqual(TABLE.map(([kind]) => kind).sort());
  });

  it('is generic for an unknown type', () => {
    expect(eventNames(entryOf({ type: 'teleport_log_entry' }))).toEqual({
      v2: 'incident.teleport',
      v3: 'incident.teleport',
      data: 'incident',
    });
  });

  it('is generic for a missing or invalid type', () => {
    for (const type of [undefined, null, 7, 'log_entry', 'DROP TABLE', '__proto__ ', 'a'.repeat(100)]) {
      expect(eventNames(entryOf({ type })).v2).toBe('incident.log_entry');
    }
  });
});

describe('a trigger entry', () => {
  const trigger = (firstId: string | undefined) =>
    entryOf({ type: 'trigger_log_entry', incident: { id: 'P1', first_trigger_log_entry: { id: firstId } } });

  it('that is the first of its incident is a trigger', () => {
    expect(eventNames(trigger('R1')).v3).toBe('incident.triggered');
    expect(isRepeatedTrigger(trigger('R1'))).toBe(false);
  });

  it('of an incident that is already open is distinguished', () => {
    expect(eventNames(trigger('R0'))).toEqual({
      v2: 'incident.trigger_repeated',
      v3: 'incident.trigger_repeated',
      data: 'incident',
    });
  });

  it('is a trigger if the first is unknown', () => {
    expect(eventNames(trigger(undefined)).v2).toBe('incident.trigger');
  });
});
