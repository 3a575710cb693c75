import { type Person, type Service, TEAM } from '../incidents/account';
import { type Incident } from '../incidents/incident';

/** A reference, as PagerDuty returns it instead of the complete object. */
export interface Reference {
  readonly id: string;
  readonly type: string;
  readonly summary: string;
  readonly self: string;
  readonly html_url: string;
}

export const API_HOST = 'https://api.pagerduty.com';
export const WEB_HOST = 'https://example.pagerduty.com';

export function reference(id: string, type: string, summary: string, path: string): Reference {
  return { id, type: `${type}_reference`, summary, self: `${API_HOST}/${path}`, html_url: `${WEB_HOST}/${path}` };
}

export const userReference = ({ id, name }: Person): Reference => reference(id, 'user', name, `users/${id}`);

export const teamReferences = (): Reference[] => [reference(TEAM.id, 'team', TEAM.name, `teams/${TEAM.id}`)];

export const policyReference = ({ id, name }: Person): Reference =>
  reference(id, 'escalation_policy', name, `escalation_policies/${id}`);

export const serviceReference = ({ id, name }: Service): Reference => reference(id, 'service', name, `services/${id}`);

export const incidentSummary = ({ number, title }: Incident): string => `[#${number}] ${title}`;

export const incidentReference = (incident: Incident): Reference =>
  reference(incident.id, 'incident', incidentSummary(incident), `incidents/${incident.id}`);

/** `2026-03-01T15:14:36Z`: PagerDuty's times have a resolution of one second. */
export function timestamp(time: number): string {
  return `${new Date(time).toISOString().slice(0, 19)}Z`;
}
