import { DEFAULT_POLICY, type Service } from '../incidents/account';
import { API_HOST, policyReference, teamReferences, timestamp, WEB_HOST } from './reference';

/** The complete service, as returned with `include[]=services`. */
export function serviceBody(service: Service): Record<string, unknown> {
  const { id, name, integrationId } = service;
  const integration = `services/${id}/integrations/${integrationId}`;
  return {
    id,
    name,
    description: null,
    auto_resolve_timeout: 14_400,
    acknowledgement_timeout: 1800,
    created_at: timestamp(service.createdAt),
    status: statusOf(service),
    last_incident_timestamp: service.lastIncidentAt === null ? null : timestamp(service.lastIncidentAt),
    teams: teamReferences(),
    incident_urgency_rule: { type: 'constant', urgency: 'high' },
    scheduled_actions: [],
    support_hours: null,
    escalation_policy: policyReference(DEFAULT_POLICY),
    addons: [],
    privilege: null,
    alert_creation: 'create_alerts_and_incidents',
    integrations: [
      {
        id: integrationId,
        type: 'generic_events_api_inbound_integration_reference',
        summary: 'API',
        self: `${API_HOST}/${integration}`,
        html_url: `${WEB_HOST}/${integration}`,
      },
    ],
    metadata: {},
    type: 'service',
    summary: name,
    self: `${API_HOST}/services/${id}`,
    html_url: `${WEB_HOST}/services/${id}`,
  };
}

function statusOf({ triggered, acknowledged }: Service): string {
  if (triggered > 0) return 'critical';
  return acknowledged > 0 ? 'warning' : 'active';
}
