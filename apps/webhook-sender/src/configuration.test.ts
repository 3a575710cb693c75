import { readConfiguration } from '@pdaltagent/service';
import { variables } from './configuration';

describe('the configuration', () => {
  it('has PagerDuty’s own timeouts by default', () => {
    expect(readConfiguration(variables, {})).toMatchObject({
      destinations: undefined,
      secrets: undefined,
      timeoutSeconds: 5,
      maximumAgeSeconds: 172_800,
    });
  });

  it('accepts a second secret for a rotation', () => {
    expect(readConfiguration(variables, { PDAGENTD_WEBHOOK_SECRET: 'one' }).secrets).toEqual(['one']);
    expect(readConfiguration(variables, { PDAGENTD_WEBHOOK_SECRET: 'one, two' }).secrets).toEqual(['one', 'two']);
  });

  it('accepts one or two Standard Webhooks secrets', () => {
    const secrets = [1, 2].map((byte) => `whsec_${Buffer.alloc(24, byte).toString('base64')}`);
    const read = (text: string) =>
      readConfiguration(variables, { PDAGENTD_WEBHOOK_STANDARD_SECRET: text }).standardKeys;
    expect(read(secrets.join(', '))).toEqual([Buffer.alloc(24, 1), Buffer.alloc(24, 2)]);
    expect(() => read('whsec_tooshort')).toThrow(/PDAGENTD_WEBHOOK_STANDARD_SECRET.*must be whsec_/);
  });

  it('shows no secret in an error', () => {
    const wrong = { PDAGENTD_WEBHOOK_SECRET: 'hunter2,', PDAGENTD_WEBHOOK_DEST_URL: 'hunter2' };
    expect(() => readConfiguration(variables, wrong)).toThrow(/PDAGENTD_WEBHOOK_DEST_URL[^]*PDAGENTD_WEBHOOK_SECRET/);
    expect(() => readConfiguration(variables, wrong)).not.toThrow(/hunter2/);
  });
});
