import { z } from 'zod';
import { type Manifest } from './manifests.fixture';

const labels = z.record(z.string(), z.string());
const selector = z.strictObject({
  matchLabels: labels.default({}),
  matchExpressions: z
    .array(z.strictObject({ key: z.string(), operator: z.literal('In'), values: z.array(z.string()) }))
    .default([]),
});
const peer = z.strictObject({
  podSelector: selector.optional(),
  namespaceSelector: selector.optional(),
  ipBlock: z.strictObject({ cidr: z.string(), except: z.array(z.string()).default([]) }).optional(),
});
const rules = z
  .array(
    z.strictObject({
      from: z.array(peer).optional(),
      to: z.array(peer).optional(),
      ports: z.array(z.strictObject({ protocol: z.string(), port: z.union([z.string(), z.number()]) })),
    }),
  )
  .default([]);
const spec = z.strictObject({
  podSelector: selector,
  policyTypes: z.array(z.enum(['Ingress', 'Egress'])),
  ingress: rules,
  egress: rules,
});

type Selector = z.infer<typeof selector>;

export interface Policy {
  readonly name: string;
  readonly spec: z.infer<typeof spec>;
}

/** @throws ZodError for a rule without ports, which would allow all of them, and for what this reader does not understand */
export function policiesAmong(manifests: readonly Manifest[]): Policy[] {
  return manifests
    .filter(({ kind }) => kind === 'NetworkPolicy')
    .map((manifest) => ({ name: manifest.metadata.name, spec: spec.parse(manifest['spec']) }));
}

/** What is allowed for pods with these labels, as `peer port`; a port is a number or the name that the pods give it. */
export function allowed(
  policies: readonly Policy[],
  pod: Readonly<Record<string, string>>,
  direction: 'ingress' | 'egress',
): string[] {
  const type = direction === 'ingress' ? 'Ingress' : 'Egress';
  const found = policies
    .filter(({ spec: { podSelector, policyTypes } }) => selects(podSelector, pod) && policyTypes.includes(type))
    .flatMap(({ spec: policy }) => policy[direction])
    .flatMap(({ from, to, ports }) => {
      const peers = (from ?? to ?? [undefined]).flatMap((each) => (each === undefined ? ['all'] : namesOf(each)));
      return peers.flatMap((name) => ports.map(({ protocol, port }) => `${name} ${protocol} ${port}`));
    });
  return [...new Set(found)].sort();
}

function selects({ matchLabels, matchExpressions }: Selector, pod: Readonly<Record<string, string>>): boolean {
  return (
    Object.entries(matchLabels).every(([key, value]) => pod[key] === value) &&
    matchExpressions.every(({ key, values }) => values.includes(pod[key] ?? ''))
  );
}

function namesOf({ podSelector, namespaceSelector, ipBlock }: z.infer<typeof peer>): string[] {
  if (ipBlock !== undefined) return [[ipBlock.cidr, ...ipBlock.except.map((except) => `!${except}`)].join(' ')];
  const namespaces = namespaceSelector === undefined ? [''] : valuesOf(namespaceSelector).map((name) => `${name}/`);
  const pods = podSelector === undefined ? ['*'] : valuesOf(podSelector);
  return namespaces.flatMap((namespace) => pods.map((name) => `${namespace}${name}`));
}

function valuesOf({ matchLabels, matchExpressions }: Selector): string[] {
  return [...Object.values(matchLabels), ...matchExpressions.flatMap(({ values }) => values)];
}
