import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { toolPath, freePort, startGuarded, type GuardedProcess, waitUntil } from '@pdaltagent/testing';
import { configurationFile, routingKeyOf, runProgram, SenderRelay } from './senders.fixture';

jest.setTimeout(180_000);

let senders: SenderRelay;
beforeAll(async () => (senders = await SenderRelay.start('senders-clients')));
afterAll(() => senders.stop());

describe('Prometheus Alertmanager', () => {
  let alertmanager: GuardedProcess | undefined;
  afterEach(() => alertmanager?.end(10_000));

  async function startAlertmanager(configuration: string): Promise<string> {
    const file = path.join(senders.folder.path, 'alertmanager.yml');
    // The documented file, with shorter delays.
    writeFileSync(file, configuration.replace('route:\n', 'route:\n  group_wait: 0s\n  group_interval: 1s\n'));
    const address = `127.0.0.1:${await freePort()}`;
    const storage = path.join(senders.folder.path, 'alertmanager');
    alertmanager = startGuarded({
      name: 'alertmanager',
      command: toolPath('alertmanager'),
      args: [
        `--config.file=${file}`,
        `--storage.path=${storage}`,
        `--web.listen-address=${address}`,
        '--cluster.listen-address=',
      ],
      env: { PATH: process.env['PATH'] },
      folder: senders.folder.path,
      mark: file,
    });
    return `http://${address}`;
  }

  async function report(url: string, alert: object): Promise<void> {
    const response = await fetch(`${url}/api/v2/alerts`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify([alert]),
    });
    if (!response.ok) throw new Error(`Alertmanager answered ${response.status}: ${await response.text()}`);
  }

  it.each(['alertmanager.yml', 'alertmanager-https.yml'])(
    'opens and resolves an incident, configured by %s',
    async (name) => {
      const isSecure = name.includes('https');
      const key = routingKeyOf(isSecure ? 'alertmanagerhttps' : 'alertmanager');
      const url = await startAlertmanager(
        configurationFile(name, {
          YOUR_32_CHARACTER_ROUTING_KEY: key,
          ...(isSecure
            ? {
                'https://gateway.example.com:8443': senders.secureUrl,
                '/etc/alertmanager/gateway.pem': senders.authority,
              }
            : { 'http://gateway.example.com:8080': senders.relay.gatewayUrl }),
        }),
      );
      const alert = { labels: { alertname: 'DiskFull', instance: 'db1' }, annotations: { summary: 'Disk is full' } };
      const startsAt = new Date().toISOString();
      await ready(url);
      await report(url, { ...alert, startsAt });
      const [trigger] = await senders.arrivals(key, 1);
      expect(trigger).toMatchObject({ path: '/v2/enqueue', action: 'trigger', alert: 'opened' });
      expect(JSON.parse(trigger?.body ?? '')).toMatchObject({ client: 'Alertmanager', payload: { severity: 'error' } });

      await report(url, { ...alert, startsAt, endsAt: new Date().toISOString() });
      const both = await senders.arrivals(key, 2);
      expect(both).toHaveLength(2);
      expect(both[1]).toMatchObject({ action: 'resolve', alert: 'resolved', dedupKey: trigger?.dedupKey });
    },
  );

  async function ready(url: string): Promise<void> {
    await waitUntil(async () => alertmanager?.running() === true && (await fetch(`${url}/-/ready`)).ok, {
      what: 'Alertmanager to be ready',
    });
  }
});

describe('PagerDuty’s own client for Node', () => {
  const SCRIPT = `
    const { trigger, acknowledge, resolve, change } = require('@pagerduty/pdjs');
    const [server, routing_key] = process.argv.slice(1);
    const payload = { summary: 'Disk is full: 98 %, «Größe»', source: 'db1', severity: 'critical' };
    (async () => {
      const opened = await trigger({ server, data: { routing_key, payload } });
      const { dedup_key } = opened.data;
      const others = [
        await acknowledge({ server, data: { routing_key, dedup_key } }),
        await resolve({ server, data: { routing_key, dedup_key } }),
        await change({ server, data: { routing_key, payload: { summary: 'Deployed 1.2.3' } } }),
      ];
      console.log(JSON.stringify([opened, ...others].map(({ response, data }) => ({ status: response.status, data }))));
    })();
  `;

  it('accepts every answer, and receives the key of its trigger', async () => {
    const key = routingKeyOf('pdjs');
    const ended = await runProgram(process.execPath, ['-e', SCRIPT, new URL(senders.secureUrl).host, key], {
      env: { NODE_EXTRA_CA_CERTS: senders.authority },
    });
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    const made = expect.stringMatching(/^[0-9a-f]{32}$/) as string;
    const success = { status: 'success', message: 'Event processed', dedup_key: made };
    expect(JSON.parse(ended.stdout)).toEqual([
      { status: 202, data: success },
      { status: 202, data: success },
      { status: 202, data: success },
      { status: 202, data: { status: 'success', message: 'Change event processed' } },
    ]);
    const arrived = await senders.arrivals(key, 4);
    expect(arrived.filter(({ path: at }) => at === '/v2/enqueue').map(({ alert }) => alert)).toEqual([
      'opened',
      'acknowledged',
      'resolved',
    ]);
    expect(arrived.map(({ path: at }) => at)).toContain('/v2/change/enqueue');
  });
});
