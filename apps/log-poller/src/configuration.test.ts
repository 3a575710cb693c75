import { ConfigurationError, readConfiguration } from '@pdaltagent/service';
import { checkRetention, variables } from './configuration';

describe('the configuration', () => {
  it('has defaults for everything but token and destination', () => {
    expect(readConfiguration(variables, {})).toMatchObject({
      apiBaseUrl: 'https://api.pagerduty.com',
      apiToken: undefined,
      destinations: undefined,
      format: 'v2',
      intervalSeconds: 10,
      overlapSeconds: 60,
      keepSeconds: 2_592_000,
    });
  });

  it('reads services, webhook.config, destinations and a start time', () => {
    const read = readConfiguration(variables, {
      PDAGENTD_WEBHOOK_SERVICES_LIST: '["P1","P2"]',
      PDAGENTD_WEBHOOK_CONFIG_JSON: '{"a":1}',
      PDAGENTD_WEBHOOK_DEST_URL: 'http://a.example, http://b.example',
      PDAGENTD_POLL_SINCE: '2026-03-01T00:00:00',
    });
    expect(read.services).toEqual(['P1', 'P2']);
    expect(read.webhookConfig).toEqual({ a: 1 });
    expect(read.destinations).toHaveLength(2);
    expect(read.since).toBe(Date.UTC(2026, 2, 1));
  });

  it('reports all errors at once', () => {
    const wrong = {
      PDAGENTD_WEBHOOK_SERVICES_LIST: '["P1",2]',
      PDAGENTD_WEBHOOK_CONFIG_JSON: '[]',
      PDAGENTD_WEBHOOK_DEST_URL: 'ftp://user:hunter2@a.example',
      PDAGENTD_POLL_SINCE: 'soon',
      PDAGENTD_POLLING_INTERVAL_SECONDS: '0',
    };
    expect(() => readConfiguration(variables, wrong)).toThrow(ConfigurationError);
    try {
      readConfiguration(variables, wrong);
    } catch (error) {
      for (const name of Object.keys(wrong)) expect(String(error)).toContain(name);
      expect(String(error)).not.toContain('hunter2');
    }
  });

  it('rejects a retention shorter than the overlap', () => {
    const check = (keep: string) =>
      checkRetention(readConfiguration(variables, { PDAGENTD_KEEP_ACTIVITY_SECONDS: keep }));
    expect(() => check('59')).toThrow(/PDAGENTD_KEEP_ACTIVITY_SECONDS.*PDAGENTD_POLL_OVERLAP_SECONDS/);
    expect(() => check('60')).not.toThrow();
  });
});
