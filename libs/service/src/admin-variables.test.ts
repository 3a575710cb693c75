import { adminAddressOf, adminVariables } from './admin-variables';
import { readConfiguration } from './configuration';
import { listenVariables } from './server-variables';

const variables = { ...adminVariables(8090), ...listenVariables };
const addressWith = (environment: Record<string, string>) => adminAddressOf(readConfiguration(variables, environment));

it('the admin port is opened on the loopback address only, unless another one is set', () => {
  expect(addressWith({})).toBe('127.0.0.1');
  expect(addressWith({ PDAGENTD_ADMIN_HOST: '10.0.0.5' })).toBe('10.0.0.5');
  expect(addressWith({ PDAGENTD_ADMIN_HOST: ' * ' })).toBeUndefined();
});

it('PDAGENTD_LISTEN_ADDRESS applies to the admin port too, unless that has an address of its own', () => {
  const PDAGENTD_LISTEN_ADDRESS = '10.0.0.5';
  expect(addressWith({ PDAGENTD_LISTEN_ADDRESS })).toBe('10.0.0.5');
  expect(addressWith({ PDAGENTD_LISTEN_ADDRESS, PDAGENTD_ADMIN_HOST: '*' })).toBe('10.0.0.5');
  expect(addressWith({ PDAGENTD_LISTEN_ADDRESS, PDAGENTD_ADMIN_HOST: '127.0.0.1' })).toBe('127.0.0.1');
});

it('names that are no address, and tokens that could be guessed or not be presented, are refused without showing the token', () => {
  expect(() => readConfiguration(variables, { PDAGENTD_ADMIN_HOST: 'localhost' })).toThrow(
    'PDAGENTD_ADMIN_HOST is "localhost": must be an IP address, for example 127.0.0.1, or * for every address of this host',
  );
  for (const PDAGENTD_METRICS_TOKEN of ['fifteen-letters', 'a token with blanks'])
    expect(() => readConfiguration(variables, { PDAGENTD_METRICS_TOKEN })).toThrow(
      'PDAGENTD_METRICS_TOKEN is set to a secret that is not shown: must be a token of 16 characters or more, without blanks',
    );
  expect(readConfiguration(variables, { PDAGENTD_METRICS_TOKEN: '0123456789abcdef' }).metricsToken).toBe(
    '0123456789abcdef',
  );
});
