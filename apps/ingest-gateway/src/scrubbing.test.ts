import { readConfiguration, type Environment } from '@pdaltagent/service';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Registry } from 'prom-client';
import { variables } from './configuration';
import { type LogLine, rememberingLogger } from './gateway.fixture';
import { createScrub } from './scrubbing';

const BODY = JSON.stringify({
  dedup_key: 'disk of ann@example.com',
  payload: { summary: 'ann@example.com called', n: 1 },
});

const log: LogLine[] = [];
let metrics: Registry;
beforeEach(() => {
  log.length = 0;
  metrics = new Registry();
});

function scrubbed(environment: Environment): string | undefined {
  const scrub = createScrub(readConfiguration(variables, environment), metrics, rememberingLogger(log));
  return scrub?.({ type: 'v2', contentType: 'application/json', body: Buffer.from(BODY) }).toString();
}

it('is off unless it is asked for', () => {
  expect(scrubbed({})).toBeUndefined();
  expect(scrubbed({ PDAGENTD_SCRUB_PII: 'false' })).toBeUndefined();
});

it('replaces personal data and counts it by kind', async () => {
  const after = scrubbed({ PDAGENTD_SCRUB_PII: 'true' }) ?? '';
  expect(JSON.parse(after)).toEqual({
    dedup_key: 'disk of ann@example.com',
    payload: { summary: '{{EMAIL_ADDRESS}} called', n: 1 },
  });
  expect(await metrics.metrics()).toContain('pdaltagent_gateway_scrubbed_total{kind="EMAIL_ADDRESS"} 1');
  expect(log.map(({ message }) => message)).toEqual([
    'personal data in dedup keys stays as it is: PDAGENTD_SCRUB_SECRET is not set',
  ]);
});

it('makes pseudonyms of what is personal in dedup keys where it has a secret', () => {
  const after = scrubbed({ PDAGENTD_SCRUB_PII: 'true', PDAGENTD_SCRUB_SECRET: 'a secret' }) ?? '';
  expect(after).not.toContain('ann@example.com');
  expect(log).toEqual([]);
});

it('leaves out what is excepted and kept', () => {
  expect(scrubbed({ PDAGENTD_SCRUB_PII: 'true', PDAGENTD_SCRUB_KEEP: 'payload.summary' })).toBe(BODY);
});

it('refuses at start what it cannot do, and names the variable', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'rules-'));
  const rules = path.join(folder, 'rules.json');
  writeFileSync(rules, '[\n  { "name": "lower", "pattern": "a" }\n]');
  const on = { PDAGENTD_SCRUB_PII: 'true' };
  expect(() => scrubbed({ ...on, PDAGENTD_SCRUB_DETECTORS: 'nonsense' })).toThrow(
    'PDAGENTD_SCRUB_DETECTORS: detectors: there is no detector "nonsense"',
  );
  expect(() => scrubbed({ ...on, PDAGENTD_SCRUB_TOKENS: 'true' })).toThrow('PDAGENTD_SCRUB_TOKENS');
  expect(() => scrubbed({ ...on, PDAGENTD_SCRUB_RULES: rules })).toThrow(
    /PDAGENTD_SCRUB_RULES: .*rules\.json, line 2: "name"/,
  );
  expect(() => scrubbed({ ...on, PDAGENTD_SCRUB_RULES: '/nowhere.json' })).toThrow(/PDAGENTD_SCRUB_RULES: .*ENOENT/);
  rmSync(folder, { recursive: true });
});
