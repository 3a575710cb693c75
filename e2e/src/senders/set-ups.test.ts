import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { workspaceRoot } from '@pdaltagent/testing';
import { parse } from 'yaml';
import { z } from 'zod';
import { configurationFile, filled, fixture, routingKeyOf, SenderRelay } from './senders.fixture';

jest.setTimeout(120_000);

const JSON_TYPE = { 'content-type': 'application/json' };
const PLAIN = 'http://gateway.example.com:8080';
const KEY = 'YOUR_32_CHARACTER_ROUTING_KEY';

let senders: SenderRelay;
beforeAll(async () => (senders = await SenderRelay.start('senders-set-ups')));
afterAll(() => senders.stop());

const plain = (name: string, key: string) => configurationFile(name, { [PLAIN]: senders.relay.gatewayUrl, [KEY]: key });
async function post(url: string, body: string | Buffer, headers: Record<string, string> = JSON_TYPE): Promise<number> {
  const response = await fetch(url, { method: 'POST', headers, body });
  await response.arrayBuffer();
  return response.status;
}

describe('the pages about senders', () => {
  const folder = path.join(workspaceRoot(), 'docs/senders');
  const pages = readdirSync(folder).filter((name) => name.endsWith('.md'));
  const text = (name: string) => readFileSync(path.join(folder, name), 'utf8');

  it('show every file unchanged', () => {
    const shown = pages.map(text).join('\n');
    for (const file of readdirSync(path.join(folder, 'files'))) {
      expect(shown).toContain(`(files/${file})`);
      expect(shown).toContain(`\n${text(path.join('files', file))}\`\`\``);
    }
  });

  it('are all in the index, and have no broken links', () => {
    for (const page of pages.filter((name) => name !== 'README.md')) expect(text('README.md')).toContain(`(${page})`);
    for (const page of pages) {
      for (const [, target = ''] of text(page).matchAll(/\]\((?!https?:)([^)#:]+)[^)]*\)/g)) {
        expect(() => readdirSync(path.dirname(path.join(folder, target)))).not.toThrow();
        expect(readdirSync(path.dirname(path.join(folder, target)))).toContain(path.basename(target));
      }
    }
  });
});

describe('Grafana', () => {
  it('sends to the URL of its contact point', async () => {
    const key = routingKeyOf('grafana');
    const file = z.object({
      contactPoints: z.array(
        z.object({
          receivers: z.array(
            z.object({
              type: z.literal('pagerduty'),
              settings: z.object({ integrationKey: z.string(), url: z.url() }),
            }),
          ),
        }),
      ),
    });
    const settings = file.parse(parse(plain('grafana-contact-point.yaml', key))).contactPoints[0]?.receivers[0]
      ?.settings;
    const body = JSON.stringify({
      routing_key: settings?.integrationKey,
      dedup_key: 'a1',
      event_action: 'trigger',
      payload: {
        summary: '[FIRING:1] Disk',
        source: 'grafana',
        severity: 'critical',
        class: 'default',
        component: 'Grafana',
        group: 'default',
      },
      client: 'Grafana',
      client_url: 'http://grafana/',
    });
    expect(await post(settings?.url ?? '', body)).toBe(202);
    expect(await senders.arrivals(key, 1)).toMatchObject([{ body, alert: 'opened' }]);
  });
});

describe('Kibana', () => {
  it('sends to the URL of its connector, with the key in a header', async () => {
    const key = routingKeyOf('kibana');
    const connector = z.object({
      'xpack.actions.preconfigured': z.object({
        pagerduty: z.object({
          actionTypeId: z.literal('.pagerduty'),
          config: z.object({ apiUrl: z.url() }),
          secrets: z.object({ routingKey: z.string() }),
        }),
      }),
    });
    const { config, secrets } = connector.parse(parse(plain('kibana.yml', key)))['xpack.actions.preconfigured']
      .pagerduty;
    const body = fixture('08-kibana-v2-trigger-key-in-header.json');
    expect(await post(config.apiUrl, body, { ...JSON_TYPE, 'X-Routing-Key': secrets.routingKey })).toBe(202);
    expect(await senders.arrivals(key, 1)).toMatchObject([{ body: body.toString(), alert: 'opened' }]);
  });
});

describe('Splunk', () => {
  it('sends to the configured integration URL', async () => {
    const key = routingKeyOf('splunk');
    const url = /^param\.integration_url = (\S+)$/m.exec(plain('splunk-alert_actions.conf', key))?.[1] ?? '';
    const body = fixture('10-splunk-integration-enqueue.json');
    expect(await post(url, body)).toBe(202);
    expect(await senders.arrivals(key, 1)).toMatchObject([
      { path: `/integration/${key}/enqueue`, body: body.toString() },
    ]);
  });
});

describe('CloudWatch', () => {
  it('sends to the integration URL of the subscription', async () => {
    const key = routingKeyOf('cloudwatch');
    const script = configurationFile('cloudwatch-subscribe.sh', {
      'https://gateway.example.com': senders.relay.gatewayUrl,
      [KEY]: key,
    });
    const url = /--notification-endpoint (\S+)$/m.exec(script)?.[1] ?? '';
    const body = fixture('11-cloudwatch-sns-notification.json');
    expect(await post(url, body, { 'content-type': 'text/plain; charset=UTF-8' })).toBe(202);
    expect(await senders.arrivals(key, 1)).toMatchObject([{ body: body.toString(), alert: 'opened' }]);
  });
});

describe('AppDynamics', () => {
  const EVENT = {
    'latestEvent.incident.id': '70646',
    'latestEvent.displayName': 'New Critical Health Rule Violation',
    'latestEvent.healthRule.name': 'CPU over 90 %',
    'latestEvent.application.name': 'Shop',
    'latestEvent.eventType': 'POLICY_OPEN_CRITICAL',
    'latestEvent.severity': 'ERROR',
    'latestEvent.tier.name': 'Web',
    'latestEvent.node.name': 'web1',
    'latestEvent.deepLink': 'https://controller/#location=APP_EVENT_VIEWER_MODAL&eventSummary=33021165',
    'policy.name': 'Page',
    controllerUrl: 'https://controller',
  };

  it('opens and resolves an incident with the two templates', async () => {
    const key = routingKeyOf('appdynamics');
    for (const [name, count] of [
      ['appdynamics-trigger.json', 1],
      ['appdynamics-resolve.json', 2],
    ] as const) {
      const body = filled(configurationFile(name, { [KEY]: key }), /\$\{([^}]+)\}/g, EVENT);
      expect(await post(`${senders.relay.gatewayUrl}/v2/enqueue`, body)).toBe(202);
      await senders.arrivals(key, count);
    }
    expect(await senders.arrivals(key, 2)).toMatchObject([
      { alert: 'opened', dedupKey: 'appdynamics-70646' },
      { alert: 'resolved', dedupKey: 'appdynamics-70646' },
    ]);
  });
});
