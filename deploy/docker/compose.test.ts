import { readConfiguration } from '@pdaltagent/service';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { version } from '../../package.json';
import { parse } from 'yaml';
import { z } from 'zod';
import { adminPortOf, missingAmong, namesOf, SERVICES, settingsAmong, textOf } from '../services.fixture';
import { type ComposeService, readCompose } from './compose.fixture';

const { services, volumes } = readCompose('docker-compose.yml');
const demo = readCompose('deploy/docker/demo.yml');

const OURS = Object.keys(SERVICES);
const SERVERS = ['rabbitmq', 'redis'];
const ONE_SHOT = 'secrets';
const SETUP = 'setup';
const OPERATOR = 'pdaltagent';
const USERS = ['gateway', 'worker', 'poller', 'sender', 'operator'];

function serviceOf(name: string): ComposeService {
  const service = services[name];
  if (service === undefined) throw new Error(`docker-compose.yml has no service ${name}`);
  return service;
}

it('has every service that ships, its servers, what prepares them and the operator’s command', () => {
  expect(Object.keys(services).sort()).toEqual([...OURS, ...SERVERS, ONE_SHOT, SETUP, OPERATOR].sort());
});

describe.each([...OURS, ...SERVERS])('%s', (name) => {
  const service = serviceOf(name);

  it('names an image with a version', () => {
    expect(service.image).toMatch(/^[a-z/-]+:[0-9][\w.-]*$/);
  });

  it('is watched, and started again when it ends', () => {
    expect(service.healthcheck?.test?.[0]).toBe('CMD');
    expect(service.restart).toBe('unless-stopped');
  });

  it('waits for what it needs to be healthy, and for the passwords to be made', () => {
    expect(service.depends_on[ONE_SHOT]).toEqual({ condition: 'service_completed_successfully' });
    for (const server of SERVERS.filter((candidate) => candidate in service.depends_on))
      expect(service.depends_on[server]).toEqual({ condition: 'service_healthy' });
    expect(OURS.includes(name)).toBe('rabbitmq' in service.depends_on);
    const isSetUp = service.depends_on[SETUP]?.condition === 'service_completed_successfully';
    expect(OURS.includes(name)).toBe(isSetUp);
  });

  it('cannot gain privileges', () => {
    expect(service.security_opt).toContain('no-new-privileges:true');
  });
});

describe.each(OURS)('%s', (name) => {
  const service = serviceOf(name);

  it('is built from the one Dockerfile, under the name and version of its image', () => {
    expect(service.image).toBe(`pdaltagent/${name}:${version}`);
    expect(service.build).toMatchObject({ dockerfile: 'deploy/docker/Dockerfile', args: { APP: name } });
    // The image is not published: otherwise Compose v2 would look for it in a registry, where anyone may own the name.
    expect(service['pull_policy']).toBe('build');
  });

  it('gets only variables that it reads', () => {
    const known = namesOf(name);
    expect(settingsAmong(service.environment).filter((variable) => !known.has(variable))).toEqual([]);
  });

  it('offers every setting that an operator may want', () => {
    expect(missingAmong(service.environment, name)).toEqual([]);
  });

  it('starts with what the file tells it', () => {
    const withoutFiles = Object.entries(service.environment).filter(([variable]) => !variable.endsWith('_FILE'));
    expect(() => readConfiguration(SERVICES[name] ?? {}, Object.fromEntries(withoutFiles))).not.toThrow();
  });

  it('gets the passwords of its servers from files only', () => {
    expect(service.environment['PDAGENTD_AMQP_URL_FILE']).toBe('/run/pdaltagent/amqp-url');
    expect(service.environment).not.toHaveProperty('PDAGENTD_AMQP_URL');
    expect(service.environment).not.toHaveProperty('PDAGENTD_REDIS_URL');
  });

  it('writes to its volumes only and holds no capability', () => {
    expect(service).toMatchObject({ read_only: true, cap_drop: ['ALL'] });
  });
});

it('publishes the ports of the gateway and nothing else', () => {
  const published = Object.entries(services).flatMap(([name, { ports }]) => ports.map((port) => `${name} ${port}`));
  expect(published).toEqual(['ingest-gateway 8080:8080', 'ingest-gateway 8443:8443']);
});

it('lets delivery-worker be scaled', () => {
  expect(serviceOf('delivery-worker')).not.toHaveProperty('container_name');
});

it('holds pd-send, set to its own gateway, in the container pdaltagent_pdagentd', () => {
  expect(serviceOf('ingest-gateway')).toMatchObject({
    container_name: 'pdaltagent_pdagentd',
    environment: { PDSEND_EVENTS_BASE_URL: 'http://127.0.0.1:8080', PDSEND_TOKEN: '' },
  });
});

it.each([
  ['ingest-gateway', ['amqp-url', 'digest-secret']],
  ['delivery-worker', ['amqp-url', 'redis-url', 'digest-secret']],
  ['webhook-sender', ['amqp-url', 'redis-url', 'digest-secret']],
  ['log-poller', ['amqp-url', 'redis-url']],
  ['rabbitmq', ['rabbitmq-password']],
  ['redis', ['redis-password']],
  [OPERATOR, ['amqp-url', 'redis-url', 'digest-secret']],
  [SETUP, ['admin-amqp-url', ...USERS.map((user) => `${user}-amqp-url`)]],
])('%s has the secrets that it needs, and no other', (name, secrets) => {
  const folders = serviceOf(ONE_SHOT).volumes.map((volume) => volume.split(':'));
  const [volume, target] = serviceOf(name)
    .volumes.map((each) => each.split(':'))
    .filter(([source]) => folders.some(([known]) => known === source))
    .flat();
  expect(target).toBe('/run/pdaltagent');
  const folder = folders.find(([source]) => source === volume)?.[1];
  const made = madeSecrets();
  expect(readdirSync(path.join(made, folder ?? '')).sort()).toEqual([...secrets].sort());
});

it('keeps its passwords when it is started again, and makes those that are new in this version', () => {
  const folder = madeSecrets();
  const password = textOfSecret(folder, '/secrets/rabbitmq-password');
  expect(password).toMatch(/^[0-9a-f]{64}$/);
  expect(textOfSecret(folder, '/for/setup/admin-amqp-url')).toBe(`amqp://pdaltagent:${password}@rabbitmq:5672\n`);
  for (const file of ['/secrets/digest-secret', '/for/rabbitmq/rabbitmq-password']) rmSync(path.join(folder, file));
  madeSecrets(folder);
  expect(textOfSecret(folder, '/for/rabbitmq/rabbitmq-password')).toBe(password);
  expect(textOfSecret(folder, '/for/sender/digest-secret')).toMatch(/^[0-9a-f]{64}$/);
});

it('gives each service a user of its own, which only the service that sets them up knows, too', () => {
  const folder = madeSecrets();
  const urls = USERS.map((user) => textOfSecret(folder, `/for/${user}/amqp-url`));
  USERS.forEach((user, index) => {
    expect(urls[index]).toMatch(new RegExp(`^amqp://pdaltagent-${user}:[0-9a-f]{64}@rabbitmq:5672\n$`));
    expect(textOfSecret(folder, `/for/setup/${user}-amqp-url`)).toBe(urls[index]);
  });
  expect(new Set(urls.map((url) => new URL(url).password)).size).toBe(USERS.length);
});

it('sets users up from the files that it has, as an administrator, before the services start', () => {
  const { environment, entrypoint, restart } = serviceOf(SETUP);
  expect({ entrypoint, restart }).toEqual({ entrypoint: ['pdaltagent', 'setup'], restart: 'no' });
  const files = Object.entries(environment).filter(([name]) => name.endsWith('_AMQP_URL_FILE'));
  expect(Object.fromEntries(files)).toEqual({
    PDAGENTD_AMQP_URL_FILE: '/run/pdaltagent/admin-amqp-url',
    ...Object.fromEntries(
      USERS.map((user) => [`PDAGENTD_${user.toUpperCase()}_AMQP_URL_FILE`, `/run/pdaltagent/${user}-amqp-url`]),
    ),
  });
  for (const name of OURS) expect(serviceOf(name).environment).toMatchObject({ PDAGENTD_TOPOLOGY: 'check' });
});

it('takes the administrator’s URL of earlier versions away from the services', () => {
  const folder = madeSecrets();
  const files = ['/secrets/amqp-url', '/for/gateway/amqp-url', '/for/poller/amqp-url', '/for/sender/amqp-url'];
  for (const file of files) writeFileSync(path.join(folder, file), 'amqp://pdaltagent:former@rabbitmq:5672\n');
  madeSecrets(folder);
  expect(existsSync(path.join(folder, '/secrets/amqp-url'))).toBe(false);
  for (const file of files.slice(1)) expect(textOfSecret(folder, file)).not.toContain('former');
});

/** What the service `secrets` writes, in a new folder or one that it has written before. */
function madeSecrets(folder = mkdtempSync(path.join(tmpdir(), 'secrets-'))): string {
  made.push(folder);
  const { entrypoint, volumes: mounted } = serviceOf(ONE_SHOT);
  for (const volume of mounted) mkdirSync(path.join(folder, volume.split(':')[1] ?? ''), { recursive: true });
  const [shell = '', options = '', script = ''] = entrypoint;
  const moved = script.replaceAll('/for/', `${folder}/for/`).replace('cd /secrets', `cd ${folder}/secrets`);
  // Only root may give files to another group.
  execFileSync(shell, [options, `chgrp() { :; }\n${moved}`]);
  return folder;
}

function textOfSecret(folder: string, file: string): string {
  return readFileSync(path.join(folder, file), 'utf8');
}

const made: string[] = [];
afterAll(() => made.forEach((folder) => rmSync(folder, { recursive: true, force: true })));

it('bounds the memory and processes of the servers, which hold only the capabilities that their entrypoints need', () => {
  const needed = {
    rabbitmq: ['CHOWN', 'DAC_OVERRIDE', 'SETGID', 'SETUID'],
    redis: ['CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'SETGID', 'SETPCAP', 'SETUID'],
  };
  for (const [name, capabilities] of Object.entries(needed))
    expect(serviceOf(name)).toMatchObject({
      cap_drop: ['ALL'],
      cap_add: capabilities,
      mem_limit: expect.stringMatching(/^\dg$/) as unknown,
      pids_limit: expect.any(Number) as unknown,
    });
});

it('keeps queues, memory, spool and passwords in volumes, and the broker under one name', () => {
  const data = Object.keys(volumes).filter((name) => !name.endsWith('-secrets'));
  expect(data.sort()).toEqual(['gateway', 'rabbitmq', 'redis', 'secrets']);
  expect(serviceOf('rabbitmq')).toMatchObject({
    hostname: 'rabbitmq',
    environment: { RABBITMQ_NODENAME: 'rabbit@rabbitmq' },
  });
  expect(serviceOf('redis')['command']).toEqual(expect.arrayContaining(['--appendonly', 'yes', 'noeviction']));
});

it('stops accepting messages before the disk of RabbitMQ is full, on Kubernetes too', () => {
  const mounted = './deploy/docker/rabbitmq.conf:/etc/rabbitmq/conf.d/20-pdaltagent.conf:ro';
  expect(serviceOf('rabbitmq').volumes).toContain(mounted);
  expect(textOf('deploy/docker/rabbitmq.conf')).toMatch(/^disk_free_limit\.absolute = \dGB$/m);
  expect(textOf('deploy/kubernetes/overlays/with-broker/rabbitmq.conf')).toBe(textOf('deploy/docker/rabbitmq.conf'));
});

it('has no password in the file', () => {
  expect(textOf('docker-compose.yml')).not.toMatch(/(?:PASS|PASSWORD):|:\/\/[^$@\s]*:[^$@\s]+@/);
});

describe('the example of a scraper', () => {
  const metrics = readCompose('deploy/docker/metrics.yml');
  const prometheus = z
    .object({
      scrape_configs: z.array(
        z.object({
          job_name: z.string(),
          dns_sd_configs: z.tuple([z.object({ names: z.tuple([z.string()]), type: z.literal('A'), port: z.number() })]),
        }),
      ),
    })
    .parse(parse(textOf('deploy/docker/prometheus.yml')));

  it('finds each container of every service on its admin port', () => {
    const found = prometheus.scrape_configs.map(({ job_name: job, dns_sd_configs: [{ names, port }] }) => [
      job,
      names[0],
      port,
    ]);
    expect(found).toEqual(OURS.map((name) => [name, name, adminPortOf(name)]));
  });

  it('shares a network with every service and none with the servers, and is reached from this machine only', () => {
    const scraper = metrics.services['prometheus'];
    expect(scraper).toMatchObject({ networks: ['outside'], ports: ['127.0.0.1:9090:9090'] });
    expect(scraper?.volumes).toContain('./deploy/docker/prometheus.yml:/etc/prometheus/prometheus.yml:ro');
    expect(scraper?.volumes).toContain('./deploy/prometheus/alerts.yml:/etc/prometheus/alerts.yml:ro');
    for (const name of OURS) expect(serviceOf(name)['networks']).toContain('outside');
    for (const name of SERVERS) expect(serviceOf(name)['networks']).toEqual(['inside']);
  });
});

describe('the demo', () => {
  it('sends nothing to PagerDuty, to real destinations or with a real token', () => {
    for (const name of OURS) {
      const environment = { ...serviceOf(name).environment, ...demo.services[name]?.environment };
      expect(Object.values(environment).join('\n')).not.toContain('pagerduty.com');
    }
    for (const variable of [
      'PDAGENTD_EVENTS_BASE_URL',
      'PDAGENTD_API_BASE_URL',
      'PDAGENTD_WEBHOOK_DEST_URL',
      'PDAGENTD_WEBHOOKS_FILE',
      'PDAGENTD_API_TOKEN',
    ])
      for (const name of OURS.filter((service) => variable in serviceOf(service).environment))
        expect(demo.services[name]?.environment).toHaveProperty(variable);
  });

  it('has volumes of its own, so that what a real system has queued stays there', () => {
    expect(Object.keys(demo.volumes).sort()).toEqual(Object.keys(volumes).sort());
    for (const [name, volume] of Object.entries(demo.volumes)) expect(volume?.name).toBe(`pdaltagent_demo_${name}`);
  });

  it('is reached from this machine only and says what it is', () => {
    expect(demo.services['pagerduty-simulator']).toMatchObject({
      container_name: 'DEMO-nothing-reaches-PagerDuty',
      ports: ['127.0.0.1:9009:9009'],
    });
  });
});
