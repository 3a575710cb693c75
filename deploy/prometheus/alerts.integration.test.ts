import { toolPath } from '@pdaltagent/testing';
import { execFileSync } from 'node:child_process';

it.each([
  ['Prometheus accepts the rules', ['check', 'rules', 'alerts.yml']],
  ['an alert fires when it has to, and not before', ['test', 'rules', 'alerts.test.yml']],
  ['Prometheus accepts the example of a scraper', ['check', 'config', '--syntax-only', '../docker/prometheus.yml']],
])('%s', (_name, args) => {
  expect(execFileSync(toolPath('promtool'), args, { cwd: __dirname, encoding: 'utf8' })).toContain('SUCCESS');
});
