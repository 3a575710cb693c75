import { textOf } from '../services.fixture';
import { manifestsNamedBy } from './manifests.fixture';
import { allowed, policiesAmong } from './network-policy.fixture';
import { workloadsAmong } from './pod.fixture';

const manifests = manifestsNamedBy('overlays/with-broker');
const policies = policiesAmong(manifests);
const workloads = workloadsAmong(manifests);

const PROMETHEUS = 'monitoring/prometheus TCP';
const DNS = ['169.254.20.10/32 TCP 53', '169.254.20.10/32 UDP 53', 'kube-system/* TCP 53', 'kube-system/* UDP 53'];
const RABBITMQ = ['all TCP 5671', 'all TCP 5672'];
const REDIS = ['all TCP 6379', 'all TCP 6380'];
const PAGERDUTY = [
  '0.0.0.0/0 !10.0.0.0/8 !100.64.0.0/10 !169.254.0.0/16 !172.16.0.0/12 !192.168.0.0/16 TCP 443',
  '::/0 !fc00::/7 !fe80::/10 TCP 443',
];
const DESTINATIONS = [80, 443].flatMap((port) => [
  `0.0.0.0/0 !169.254.0.0/16 TCP ${port}`,
  `::/0 !fe80::/10 TCP ${port}`,
]);

const EXPECTED: Readonly<Record<string, { readonly from: readonly string[]; readonly to: readonly string[] }>> = {
  'ingest-gateway': {
    from: ['all TCP http', 'all TCP https', `${PROMETHEUS} admin`],
    to: [...DNS, ...RABBITMQ],
  },
  'delivery-worker': { from: [`${PROMETHEUS} admin`], to: [...DNS, ...RABBITMQ, ...REDIS, ...PAGERDUTY] },
  'log-poller': { from: [`${PROMETHEUS} admin`], to: [...DNS, ...RABBITMQ, ...REDIS, ...PAGERDUTY] },
  'webhook-sender': { from: [`${PROMETHEUS} admin`], to: [...DNS, ...RABBITMQ, ...REDIS, ...DESTINATIONS] },
  rabbitmq: {
    from: [
      ...['ingest-gateway', 'delivery-worker', 'log-poller', 'webhook-sender', 'operator', 'setup'].map(
        (name) => `${name} TCP amqp`,
      ),
      'setup TCP management',
      `${PROMETHEUS} metrics`,
    ],
    to: [],
  },
  redis: {
    from: ['delivery-worker', 'log-poller', 'webhook-sender', 'operator'].map((name) => `${name} TCP redis`),
    to: [],
  },
  setup: { from: [], to: [...DNS, 'rabbitmq TCP amqp', 'rabbitmq TCP management'] },
  operator: { from: [], to: [...DNS, 'rabbitmq TCP amqp', 'redis TCP redis', ...PAGERDUTY] },
};

it('denies everything that no policy allows, to pods that are added later too', () => {
  expect(policies.find(({ name }) => name === 'default-deny')?.spec).toEqual({
    podSelector: { matchLabels: {}, matchExpressions: [] },
    policyTypes: ['Ingress', 'Egress'],
    ingress: [],
    egress: [],
  });
});

it('says for every workload who may connect to it', () => {
  expect(workloads.map(({ name }) => name).sort()).toEqual(Object.keys(EXPECTED).sort());
});

it.each(workloads.map((workload) => [workload.name, workload] as const))(
  '%s is reached by, and reaches, what it needs and nothing else',
  (name, { labels }) => {
    expect(allowed(policies, labels, 'ingress')).toEqual([...(EXPECTED[name]?.from ?? [])].sort());
    expect(allowed(policies, labels, 'egress')).toEqual([...(EXPECTED[name]?.to ?? [])].sort());
  },
);

it('opens only ports that the pods have', () => {
  for (const { labels, container } of workloads) {
    const named = allowed(policies, labels, 'ingress').map((rule) => rule.split(' ').at(-1));
    expect(container.ports.map(({ name }) => name)).toEqual(expect.arrayContaining(named));
  }
});

it.each(['base', 'overlays/with-broker'])('explains each policy of %s in a comment before it', (folder) => {
  const documents = textOf(`deploy/kubernetes/${folder}/network-policies.yaml`).split(/^---$/m);
  for (const document of documents) expect(document.trim()).toMatch(/^# /);
});
