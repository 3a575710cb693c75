import { z } from 'zod';
import { type Manifest } from './manifests.fixture';

const probe = z.looseObject({
  httpGet: z.object({ path: z.string(), port: z.union([z.string(), z.number()]) }).optional(),
});

const container = z.looseObject({
  name: z.string(),
  image: z.string(),
  ports: z.array(z.object({ name: z.string(), containerPort: z.number() })).default([]),
  env: z.array(z.looseObject({ name: z.string(), value: z.string().optional() })).default([]),
  startupProbe: probe.optional(),
  livenessProbe: probe.optional(),
  readinessProbe: probe.optional(),
  resources: z.object({
    requests: z.object({ cpu: z.string(), memory: z.string() }),
    limits: z.looseObject({ memory: z.string() }),
  }),
  volumeMounts: z.array(z.looseObject({ name: z.string(), mountPath: z.string() })),
});

const keyToPath = z.object({ key: z.string(), path: z.string() });
const volume = z.looseObject({
  name: z.string(),
  secret: z.looseObject({ secretName: z.string(), items: z.array(keyToPath) }).optional(),
});

const podSchema = z.looseObject({
  terminationGracePeriodSeconds: z.number().default(30),
  containers: z.array(container).length(1),
  volumes: z.array(volume),
});

const workloadSchema = z.looseObject({
  spec: z.looseObject({
    // A Job finds its pods itself.
    selector: z.object({ matchLabels: z.record(z.string(), z.string()) }).default({ matchLabels: {} }),
    template: z.object({
      metadata: z.object({ labels: z.record(z.string(), z.string()) }),
      spec: podSchema,
    }),
  }),
});

/** A Deployment, StatefulSet or Job, with the only container of its pods. */
export interface Workload {
  readonly name: string;
  readonly kind: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly selector: Readonly<Record<string, string>>;
  readonly pod: z.infer<typeof podSchema>;
  readonly container: z.infer<typeof container>;
}

/** @throws ZodError if a workload lacks its resources, or has a second container */
export function workloadsAmong(manifests: readonly Manifest[]): Workload[] {
  return manifests
    .filter(({ kind }) => ['Deployment', 'StatefulSet', 'DaemonSet', 'Job', 'CronJob', 'Pod'].includes(kind))
    .map((manifest) => {
      const { selector, template } = workloadSchema.parse(manifest).spec;
      const [only] = template.spec.containers;
      if (only === undefined) throw new Error(`${manifest.metadata.name} has no container`);
      return {
        name: manifest.metadata.name,
        kind: manifest.kind,
        labels: template.metadata.labels,
        selector: selector.matchLabels,
        pod: template.spec,
        container: only,
      };
    });
}
