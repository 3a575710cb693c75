import { readSettings } from './settings';

describe('the settings of the commands', () => {
  it('keep the token for the gateway that is named, never for the default address', () => {
    expect(readSettings({ PDSEND_TOKEN: 'hunter2' })).not.toHaveProperty('token');
    expect(readSettings({ PDSEND_TOKEN: 'hunter2', PDSEND_EVENTS_BASE_URL: '' })).not.toHaveProperty('token');
    const named = { PDSEND_TOKEN: ' hunter2\n', PDSEND_EVENTS_BASE_URL: 'https://gateway.example.com' };
    expect(readSettings(named).token).toBe('hunter2');
  });

  it('do not show a token that is none', () => {
    const environment = { PDSEND_TOKEN: 'hunter 2', PDSEND_EVENTS_BASE_URL: 'https://gateway.example.com' };
    expect(() => readSettings(environment)).toThrow(/^PDSEND_TOKEN is no token: wants printable ASCII/);
  });
});
