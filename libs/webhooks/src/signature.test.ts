import { formatHeaders, signatureOf, webhookHeaders } from './signature';

// Secret, body and signature of the verifier's tests in PagerDuty/go-pagerduty, webhookv3/webhookv3_test.go.
const SECRET = 'lDQHScfUeXUKaQRNF+8XIiDKZ7XX3itBAYzwU0TARw8lJqRnkKl2iB1anSb0Z+IK';
const BODY = Buffer.from(
  '{"event":{"id":"01BWDWL3NYY7LUFPZCC28QUCMK","event_type":"incident.priority_updated","resource_type":"incident","occurred_at":"2021-04-26T17:36:27.458Z","agent":{"html_url":"https://acme.pagerduty.com/users/PLH1HKV","id":"PLH1HKV","self":"https://api.pagerduty.com/users/PLH1HKV","summary":"Tenex Engineer","type":"user_reference"},"client":null,"data":{"id":"PGR0VU2","type":"incident","self":"https://api.pagerduty.com/incidents/PGR0VU2","html_url":"https://acme.pagerduty.com/incidents/PGR0VU2","number":2,"status":"triggered","title":"A little bump in the road","service":{"html_url":"https://acme.pagerduty.com/services/PF9KMXH","id":"PF9KMXH","self":"https://api.pagerduty.com/services/PF9KMXH","summary":"API Service","type":"service_reference"},"assignees":[{"html_url":"https://acme.pagerduty.com/users/PTUXL6G","id":"PTUXL6G","self":"https://api.pagerduty.com/users/PTUXL6G","summary":"User 123","type":"user_reference"}],"escalation_policy":{"html_url":"https://acme.pagerduty.com/escalation_policies/PUS0KTE","id":"PUS0KTE","self":"https://api.pagerduty.com/escalation_policies/PUS0KTE","summary":"Default","type":"escalation_policy_reference"},"teams":[{"html_url":"https://acme.pagerduty.com/teams/PFCVPS0","id":"PFCVPS0","self":"https://api.pagerduty.com/teams/PFCVPS0","summary":"Engineering","type":"team_reference"}],"priority":{"html_url":"https://acme.pagerduty.com/account/incident_priorities","id":"PSO75BM","self":"https://api.pagerduty.com/priorities/PSO75BM","summary":"P1","type":"priority_reference"},"urgency":"high","conference_bridge":{"conference_number":1000,"conference_url":"https://example.com"},"resolve_reason":null}}}',
);
const SIGNATURE = 'v1=0c0b9495b893a39e70d1fea2fe11fbe0a825f88b9f67846f6cc07dd2bc5476cd';

describe('the signature', () => {
  it('is the one PagerDuty publishes for its own test body', () => {
    expect(signatureOf(BODY, [SECRET])).toBe(SIGNATURE);
  });

  it('is given once per secret during a rotation', () => {
    expect(signatureOf(BODY, ['old', SECRET]).split(',')).toEqual([signatureOf(BODY, ['old']), SIGNATURE]);
  });
});

describe('the headers', () => {
  it('of a format are those of PagerDuty', () => {
    expect(formatHeaders('v2', 'PSUB001')).toEqual({ 'User-Agent': 'PagerDuty-Webhook/V2.0' });
    expect(formatHeaders('v3', 'PSUB001')).toEqual({
      'User-Agent': 'PagerDuty-Webhook/V3.0',
      'X-Webhook-Subscription': 'PSUB001',
    });
  });

  it('of an attempt are signed if there is a secret', () => {
    const unsigned = { Accept: 'application/json', 'Content-Type': 'application/json', 'X-Webhook-Id': 'id-1' };
    expect(webhookHeaders({ webhookId: 'id-1', body: BODY, secrets: [] })).toEqual(unsigned);
    expect(webhookHeaders({ webhookId: 'id-1', body: BODY, secrets: [SECRET] })).toEqual({
      ...unsigned,
      'X-PagerDuty-Signature': SIGNATURE,
    });
  });
});
