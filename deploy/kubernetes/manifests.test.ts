import { readConfiguration } from '@pdaltagent/service';
import { z } from 'zod';
import { version } from '../../package.json';
import { adminPortOf, missingAmong, namesOf, SERVICES, settingsAmong, textOf } from '../services.fixture';
import { manifestsNamedBy, manifestsOf } from './manifests.fixture';
import { workloadsAmong, type Workload } from './pod.fixture';

const manifests = manifestsNamedBy('base');
const workloads = workloadsAmong(manifests);
const everyWorkload = workloadsAmong(manifestsNamedBy('overlays/with-broker'));
const named = (list: readonly Workload[]) => list.map((workload) => [workload.name, workload] as const);

const settings = Object.fromEntries(
  textOf('deploy/kubernetes/base/settings.env')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
);
/** They name files that the base does not have: an overlay mounts the file and sets the variable. */
const FILES_OF_OVERLAYS = [
  'PDAGENTD_CA_FILE',
  'PDAGENTD_SCRUB_RULES',
  'PDAGENTD_TLS_CLIENT_CA',
  'PDAGENTD_TLS_CLIENT_CRL',
  'PDAGENTD_WEBHOOKS_FILE',
];
const secretSchema = z.looseObject({ stringData: z.record(z.string(), z.string()) });
const secrets = new Map(
  manifestsOf(textOf('deploy/kubernetes/secrets.example.yaml')).map((manifest) => [
    manifest.metadata.name,
    secretSchema.parse(manifest).stringData,
  ]),
);

it('has a workload for every service', () => {
  expect(workloads.map(({ name, kind }) => `${kind} ${name}`).sort()).toEqual([
    'Deployment delivery-worker',
    'Deployment log-poller',
    'Deployment webhook-sender',
    'StatefulSet ingest-gateway',
  ]);
});

/** They serve nothing: one prepares RabbitMQ and ends, one waits for commands. */
const SERVING_NOTHING = ['setup', 'operator'];

it('asks everything that serves something whether it works', () => {
  const unasked = everyWorkload.filter(
    ({ container: { ports, startupProbe, livenessProbe, readinessProbe } }) =>
      ports.length === 0 || startupProbe === undefined || livenessProbe === undefined || readinessProbe === undefined,
  );
  expect(unasked.map(({ name }) => name).sort()).toEqual([...SERVING_NOTHING].sort());
});

it('gives the administrator’s password of RabbitMQ to RabbitMQ and to the Job that sets it up, and to nothing else', () => {
  const having = everyWorkload.filter(({ pod, container }) =>
    /rabbitmq-password|admin-amqp-url/.test(JSON.stringify([pod.volumes, container.env])),
  );
  expect(having.map(({ kind, name }) => `${kind} ${name}`).sort()).toEqual(['Job setup', 'StatefulSet rabbitmq']);
});

it('gives each service the URL of its own user of RabbitMQ', () => {
  const keys = everyWorkload.flatMap(({ name, pod }) =>
    pod.volumes.flatMap(({ secret }) =>
      (secret?.items ?? []).filter(({ path }) => path === 'amqp-url').map(({ key }) => `${name} ${key}`),
    ),
  );
  expect(keys.sort()).toEqual([
    'delivery-worker worker-amqp-url',
    'ingest-gateway gateway-amqp-url',
    'log-poller poller-amqp-url',
    'operator operator-amqp-url',
    'webhook-sender sender-amqp-url',
  ]);
});

describe.each(named(everyWorkload))('%s', (_name, { labels, selector, pod, container }) => {
  it('runs as the restricted pod security standard asks, on a file system it cannot write', () => {
    expect(pod['securityContext']).toMatchObject({
      runAsNonRoot: true,
      runAsUser: expect.any(Number) as number,
      seccompProfile: { type: 'RuntimeDefault' },
    });
    expect(container['securityContext']).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
    for (const field of ['hostNetwork', 'hostPID', 'hostIPC', 'hostUsers', 'initContainers'])
      expect(pod).not.toHaveProperty(field);
    for (const volume of pod.volumes)
      expect(Object.keys(volume)).toEqual(['name', expect.stringMatching(/^(secret|configMap|emptyDir|projected)$/)]);
  });

  it('has no token of the Kubernetes API and no variables of other services', () => {
    expect(pod).toMatchObject({
      serviceAccountName: 'pdaltagent',
      automountServiceAccountToken: false,
      enableServiceLinks: false,
    });
  });

  it('names an image with a version', () => {
    expect(container.image).toMatch(/^[a-z/-]+:[0-9][\w.-]*$/);
  });

  it('is found by its selector', () => {
    expect(labels).toMatchObject(selector);
  });

  it('takes its secrets from keys that the Secrets have', () => {
    const items = pod.volumes.flatMap(({ secret }) => (secret === undefined || secret['optional'] ? [] : [secret]));
    for (const { secretName, items: keys } of items.filter((secret) => secret.secretName !== 'pdaltagent-broker'))
      expect(Object.keys(secrets.get(secretName) ?? {})).toEqual(expect.arrayContaining(keys.map(({ key }) => key)));
  });
});

describe.each(named(workloads))('%s', (name, { pod, container, selector }) => {
  const environment = Object.fromEntries(container.env.map((variable) => [variable.name, variable.value]));

  it('runs the image of its own version, as the user that the image is made for', () => {
    expect(container.image).toBe(`pdaltagent/${name}:${version}`);
    const user = /^USER (\d+):(\d+)$/m.exec(textOf('deploy/docker/Dockerfile'));
    expect(pod['securityContext']).toMatchObject({ runAsUser: Number(user?.[1]), runAsGroup: Number(user?.[2]) });
  });

  it('is asked on its admin port whether it lives and whether it can work', () => {
    expect(container.ports).toContainEqual({ name: 'admin', containerPort: adminPortOf(name) });
    expect(container.startupProbe?.httpGet).toEqual({ path: '/healthz', port: 'admin' });
    expect(container.livenessProbe?.httpGet).toEqual({ path: '/healthz', port: 'admin' });
    expect(container.readinessProbe?.httpGet).toEqual({ path: '/readyz', port: 'admin' });
  });

  it('gets only variables that it reads', () => {
    const known = namesOf(name);
    expect(settingsAmong(environment).filter((variable) => !known.has(variable))).toEqual([]);
  });

  it('offers every setting that an operator may want, but for files of his own', () => {
    const missing = missingAmong({ ...settings, ...environment }, name);
    expect(missing.filter((variable) => !FILES_OF_OVERLAYS.includes(variable))).toEqual([]);
  });

  it('starts with the settings of the base', () => {
    const given = {
      ...settings,
      ...Object.fromEntries(Object.entries(environment).filter(([key]) => !key.endsWith('_FILE'))),
    };
    expect(() => readConfiguration(SERVICES[name] ?? {}, given)).not.toThrow();
  });

  it('reads its secrets from files that are mounted', () => {
    const mounted = pod.volumes.flatMap(({ name: volume, secret }) => {
      const folder = container.volumeMounts.find((mount) => mount.name === volume)?.mountPath;
      return secret?.items.map((item) => `${folder}/${item.path}`) ?? [];
    });
    const files = Object.entries(environment).filter(([variable]) => variable.endsWith('_FILE'));
    expect(files.map(([variable]) => variable)).toContain('PDAGENTD_AMQP_URL_FILE');
    expect(mounted).toEqual(expect.arrayContaining(files.map(([, file]) => file)));
  });

  it('has more time to stop than it takes', () => {
    const seconds = Number(/'PDAGENTD_SHUTDOWN_SECONDS', (\d+)/.exec(textOf('libs/service/src/run.ts'))?.[1]);
    expect(pod.terminationGracePeriodSeconds).toBeGreaterThan(seconds);
  });

  it('keeps all but one replica when nodes are emptied', () => {
    const budget = manifests.find(({ kind, metadata }) => kind === 'PodDisruptionBudget' && metadata.name === name);
    expect(budget?.['spec']).toEqual({ maxUnavailable: 1, selector: { matchLabels: selector } });
  });
});

it('has only settings that a service reads', () => {
  const known = new Set(Object.keys(SERVICES).flatMap((name) => [...namesOf(name)]));
  expect(Object.keys(settings).filter((variable) => !known.has(variable))).toEqual([]);
});

it('keeps a sender with one gateway, and what a gateway holds on a volume', () => {
  const service = manifests.find(({ kind, metadata }) => kind === 'Service' && metadata.name === 'ingest-gateway');
  expect(service?.['spec']).toMatchObject({ sessionAffinity: 'ClientIP' });
  const gateway = workloads.find(({ name }) => name === 'ingest-gateway');
  const stateFolder = /PDAGENTD_STATE_DIR=(\S+)/.exec(textOf('deploy/docker/Dockerfile'))?.[1];
  expect(gateway?.container.volumeMounts).toContainEqual({ name: 'state', mountPath: stateFolder });
});
