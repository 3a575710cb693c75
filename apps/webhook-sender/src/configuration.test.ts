import { readConfiguration } from '@pdaltagent/service';
import { variables } from './configuration';

describe('the configuration', () => {
  it('has PagerDuty’s own patience by default', () => {
    expect(readConfiguration(variables, {})).toMatchObject({
      destinations: undefined,
      secrets: undefined,
      timeoutSeconds: 5,
      maximumAgeSeconds: 172_800,
    });
  });

  it('takes a second secret for a rotation', () => {
    expect(readConfiguration(variables, { PDAGENTD_WEBHOOK_SECRET: 'one' }).secrets).toEqual(['one']);
    expect(readConfiguration(variables, { PDAGENTD_WEBHOOK_SECRET: 'one, two' }).secrets).toEqual(['one', 'two']);
  });

  it('shows no secret when it is wrong', () => {
    const wrong = { PDAGENTD_WEBHOOK_SECRET: 'hunter2,', PDAGENTD_WEBHOOK_DEST_URL: 'hunter2' };
    expect(() => readConfiguration(variables, wrong)).toThrow(/PDAGENTD_WEBHOOK_DEST_URL[^]*PDAGENTD_WEBHOOK_SECRET/);
    expect(() => readConfiguration(variables, wrong)).not.toThrow(/hunter2/);
  });
});
