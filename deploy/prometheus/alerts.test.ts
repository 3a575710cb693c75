import { readdirSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { textOf } from '../services.fixture';

const { groups } = z
  .object({ groups: z.array(z.object({ rules: z.array(z.object({ alert: z.string(), expr: z.string() })) })) })
  .parse(parse(textOf('deploy/prometheus/alerts.yml')));
const rules = groups.flatMap((group) => group.rules);

const pages = readdirSync(path.join(__dirname, '../../docs/operations')).map((page) =>
  textOf(`docs/operations/${page}`),
);

it('uses only metrics that the documentation describes', () => {
  const used = rules.flatMap(({ expr }) => [...expr.matchAll(/pdaltagent_\w+/g)].map(([name]) => name));
  // A webhook-sender has the metrics of a delivery-worker under its own prefix.
  const isDocumented = (name: string): boolean =>
    pages.some((page) => page.includes(`\`${name}`) || page.includes(`\`${name.replace('_webhook_', '_')}`));
  expect(used.length).toBeGreaterThan(15);
  expect(used.filter((name) => !isDocumented(name))).toEqual([]);
});

it('has every alert in the documentation', () => {
  const documented = [...textOf('docs/operations/status.md').matchAll(/`(Pdaltagent\w+)`/g)].map(([, name]) => name);
  expect(new Set(documented)).toEqual(new Set(rules.map(({ alert }) => alert)));
});
