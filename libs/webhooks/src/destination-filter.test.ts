import { type DestinationFilter, matchesFilter, NO_FILTER } from './destination-filter';
import { type LogEntry, parseLogEntry } from './log-entry';

function entry(fields: object = {}): LogEntry {
  const parsed = parseLogEntry({
    id: 'R1',
    type: 'trigger_log_entry',
    created_at: '2026-03-01T00:00:00Z',
    teams: [{ id: 'T1' }],
    incident: {
      id: 'I1',
      service: { id: 'S1' },
      teams: [{ id: 'T2' }],
      urgency: 'high',
      priority: { id: 'PRIO1', summary: 'P1' },
      first_trigger_log_entry: { id: 'R1' },
    },
    ...fields,
  });
  if (parsed === null) throw new Error('an entry');
  return parsed;
}

describe('a filter', () => {
  it.each<[DestinationFilter, boolean]>([
    [NO_FILTER, true],
    [{ services: ['S0', 'S1'] }, true],
    [{ services: ['S0'] }, false],
    [{ teams: ['T1'] }, true],
    [{ teams: ['T2'] }, true],
    [{ teams: ['T3'] }, false],
    [{ events: ['incident.triggered'] }, true],
    [{ events: ['incident.trigger'] }, true],
    [{ events: ['incident.resolved'] }, false],
    [{ urgencies: ['high'] }, true],
    [{ urgencies: ['low'] }, false],
    [{ priorities: ['P1'] }, true],
    [{ priorities: ['PRIO1'] }, true],
    [{ priorities: ['none'] }, false],
    [{ services: ['S1'], urgencies: ['low'] }, false],
  ])('%j accepts a trigger: %s', (filter, passes) => expect(matchesFilter(filter, entry())).toBe(passes));

  it('handles entries without a priority, a service or a team', () => {
    const bare = entry({ teams: null, incident: null });
    expect(matchesFilter({ priorities: ['none'] }, bare)).toBe(true);
    expect(matchesFilter({ priorities: ['P1'] }, bare)).toBe(false);
    expect(matchesFilter({ services: ['S1'] }, bare)).toBe(false);
    expect(matchesFilter({ teams: ['T1'] }, bare)).toBe(false);
    expect(matchesFilter({ urgencies: ['high'] }, bare)).toBe(false);
  });
});
