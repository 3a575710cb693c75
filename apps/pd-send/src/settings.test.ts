import { readSettings } from './settings';

describe('the settings of the commands', () => {
  it('use the token only if PDSEND_EVENTS_BASE_URL is set', () => {
    expect(readSettings({ PDSEND_TOKEN: 'hunter2' })).not.toHaveProperty('token');
    expect(readSettings({ PDSEND_TOKEN: 'hunter2', PDSEND_EVENTS_BASE_URL: '' })).not.toHaveProperty('token');
    const named = { PDSEND_TOKEN: ' hunter2\n', PDSEND_EVENTS_BASE_URL: 'https://gateway.example.com' };
    expect(readSettings(named).token).toBe('hunter2');
  });

  it('do not print an invalid token', () => {
    const environment = { PDSEND_TOKEN: 'hunter 2', PDSEND_EVENTS_BASE_URL: 'https://gateway.example.com' };
    expect(() => readSettings(environment)).toThrow(/^PDSEND_TOKEN is invalid: it must have printable ASCII/);
  });
});
