import { readConfiguration } from '@pdaltagent/service';
import { variables } from './configuration';

it.each([
  ['HTTPS_PROXY', 'socks5://user:hunter2@proxy:1080'],
  ['https_proxy', 'http://user:hun/ter2@proxy:3128'],
  ['ALL_PROXY', 'ftp://user:hunter2@proxy'],
])('%s is validated at start, and its password is not shown', (name, value) => {
  const read = () => readConfiguration(variables, { [name]: value });
  expect(read).toThrow(new RegExp(`${name} is set to a secret that is not shown: must be http://host:port`));
  expect(read).not.toThrow(/hun\/?ter2/);
});

it.each(['proxy:3128', 'http://user:50%off@proxy:3128', ' http://proxy:3128 '])(
  'a proxy may be given as %j',
  (HTTPS_PROXY) => {
    expect(() => readConfiguration(variables, { HTTPS_PROXY })).not.toThrow();
  },
);
