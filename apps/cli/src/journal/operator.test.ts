import { readConfiguration } from '@pdaltagent/service';
import { hostname, userInfo } from 'node:os';
import { operatorOf, operatorVariables } from './operator';

const nameOf = (environment: Record<string, string>): string =>
  operatorOf(readConfiguration(operatorVariables, environment), environment);

it.each<[string, Record<string, string>, string]>([
  ['PDAGENTD_OPERATOR', { PDAGENTD_OPERATOR: 'ann', SUDO_USER: 'bob' }, `ann@${hostname()}`],
  ['an address in PDAGENTD_OPERATOR, as it is', { PDAGENTD_OPERATOR: 'ann@example.com' }, 'ann@example.com'],
  ['who called sudo', { SUDO_USER: 'bob' }, `bob@${hostname()}`],
  ['the user of the operating system', {}, `${userInfo().username}@${hostname()}`],
])('an operator is named by %s', (_by, environment, name) => {
  expect(nameOf(environment)).toBe(name);
});

it('a name cannot have control characters, and is not longer than 100 characters', () => {
  expect(nameOf({ PDAGENTD_OPERATOR: 'a\u001b[31mnn@x\n' })).toBe('a[31mnn@x');
  expect(nameOf({ PDAGENTD_OPERATOR: `${'a'.repeat(300)}@x` })).toHaveLength(100);
});
