import { DEFAULT_POLICY, ON_CALL, type Person, type Service } from './account';

export type IncidentStatus = 'triggered' | 'acknowledged' | 'resolved';

/** An incident with its one alert. Times are milliseconds since 1970, by PagerDuty's clock. */
export interface Incident {
  readonly id: string;
  readonly number: number;
  readonly service: Service;
  readonly dedupKey: string;
  readonly title: string;
  readonly severity: string | null;
  readonly details: unknown;
  readonly createdAt: number;
  status: IncidentStatus;
  statusChangedAt: number;
  /** Who changed the status last; null: the service, through the Events API. */
  statusChangedBy: Person | null;
  firstTriggerEntryId: string;
  assignee: Person | null;
  policy: Person;
  urgency: 'high' | 'low';
  priority: string | null;
  resolveReason: string | null;
  triggers: number;
}

export type NewIncident = Pick<
  Incident,
  'id' | 'number' | 'service' | 'dedupKey' | 'title' | 'severity' | 'details' | 'createdAt' | 'firstTriggerEntryId'
>;

export function newIncident(known: NewIncident): Incident {
  known.service.triggered += 1;
  known.service.lastIncidentAt = known.createdAt;
  return {
    ...known,
    status: 'triggered',
    statusChangedAt: known.createdAt,
    statusChangedBy: null,
    assignee: ON_CALL,
    policy: DEFAULT_POLICY,
    urgency: known.severity === 'warning' || known.severity === 'info' ? 'low' : 'high',
    priority: null,
    resolveReason: null,
    triggers: 1,
  };
}

/** Changes the status and the counts of the service. */
export function changeStatus(incident: Incident, status: IncidentStatus, at: number, by: Person | null): void {
  if (incident.status !== 'resolved') incident.service[incident.status] -= 1;
  if (status !== 'resolved') incident.service[status] += 1;
  incident.status = status;
  incident.statusChangedAt = at;
  incident.statusChangedBy = by;
  incident.assignee = status === 'resolved' ? null : (incident.assignee ?? ON_CALL);
}
