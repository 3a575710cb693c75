import { readConfiguration, type Environment } from '@pdaltagent/service';
import { type RecordedLine, recordingLogger } from '@pdaltagent/testing';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Registry } from 'prom-client';
import { variables } from './configuration';
import { type ScrubbedParts } from './ports';
import { createScrub } from './scrubbing';

const BODY = JSON.stringify({
  dedup_key: 'disk of ann@example.com',
  payload: { summary: 'ann@example.com called', n: 1 },
});

const log: RecordedLine[] = [];
let metrics: Registry;
beforeEach(() => {
  log.length = 0;
  metrics = new Registry();
});

function scrubOf(environment: Environment) {
  return createScrub(readConfiguration(variables, environment), metrics, recordingLogger(log));
}

const EMPTY: ScrubbedParts = { body: Buffer.alloc(0), query: undefined, forward: undefined };

function scrubbed(environment: Environment): string | undefined {
  const parts = { ...EMPTY, type: 'v2', contentType: 'application/json', body: Buffer.from(BODY) } as const;
  return scrubOf(environment)?.now(parts)?.body.toString();
}

/** A scrubbed query, or header by name, of a vendor. */
function vendorScrubbed(parts: Partial<ScrubbedParts>): ScrubbedParts | undefined {
  return scrubOf({ PDAGENTD_SCRUB_PII: 'true' })?.now({ ...EMPTY, type: 'integration', contentType: '', ...parts });
}

it('is off by default', () => {
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
    'personal data in dedup keys is not replaced: PDAGENTD_SCRUB_SECRET is not set',
  ]);
});

it('replaces personal data in dedup keys by pseudonyms if it has a secret', () => {
  const after = scrubbed({ PDAGENTD_SCRUB_PII: 'true', PDAGENTD_SCRUB_SECRET: 'a secret' }) ?? '';
  expect(after).not.toContain('ann@example.com');
  expect(log).toEqual([]);
});

it('does not scrub excluded detectors and kept paths', () => {
  expect(scrubbed({ PDAGENTD_SCRUB_PII: 'true', PDAGENTD_SCRUB_KEEP: 'payload.summary' })).toBe(BODY);
});

it('rejects an invalid configuration at start, and names the variable', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'rules-'));
  const rules = path.join(folder, 'rules.json');
  writeFileSync(rules, '[\n  { "name": "lower", "pattern": "a" }\n]');
  const on = { PDAGENTD_SCRUB_PII: 'true' };
  expect(() => scrubbed({ ...on, PDAGENTD_SCRUB_DETECTORS: 'nonsense' })).toThrow(
    'PDAGENTD_SCRUB_DETECTORS: unknown detector "nonsense"; expected core, seed, all, email',
  );
  expect(() => scrubbed({ ...on, PDAGENTD_SCRUB_TOKENS: 'true' })).toThrow('PDAGENTD_SCRUB_TOKENS');
  expect(() => scrubbed({ ...on, PDAGENTD_SCRUB_RULES: rules })).toThrow(
    /PDAGENTD_SCRUB_RULES: .*rules\.json, line 2: "name"/,
  );
  expect(() => scrubbed({ ...on, PDAGENTD_SCRUB_RULES: '/nowhere.json' })).toThrow(/PDAGENTD_SCRUB_RULES: .*ENOENT/);
  rmSync(folder, { recursive: true });
});

describe('the query of a vendor', () => {
  it.each([
    ['source=cloud&to=ann%40example.com&x=%20y', 'source=cloud&to=%7B%7BEMAIL_ADDRESS%7D%7D&x=%20y'],
    ['user=a&password=hunter2hunter2', 'user=a&password=%7B%7BSECRET%7D%7D'],
    ['pay=4111+1111+1111+1111', 'pay=%7B%7BCREDIT_CARD%7D%7D'],
    ['text=mail+ann%40example.com%20now', 'text=mail+%7B%7BEMAIL_ADDRESS%7D%7D%20now'],
    ['ann@example.com', '%7B%7BEMAIL_ADDRESS%7D%7D'],
    // A query without personal data is not changed, valid or not.
    ['source=cloud&x=%20y+z&%zz&=&&a=b=c', 'source=cloud&x=%20y+z&%zz&=&&a=b=c'],
    ['', ''],
  ])('%s is published as %s', (query, left) => {
    expect(vendorScrubbed({ query })?.query).toBe(left);
  });
});

describe('a header of a vendor', () => {
  it.each([
    ['x-vendor-note', 'call ann@example.com', 'call {{EMAIL_ADDRESS}}'],
    ['x-vendor-note', 'password=hunter2hunter2', 'password={{SECRET}}'],
    ['x-vendor-password', 'hunter2hunter2', '{{SECRET}}'],
    ['x-vendor-card', '4111 1111 1111 1111', '{{CREDIT_CARD}}'],
  ])('%s: %s is published as %s', (name, value, left) => {
    expect(vendorScrubbed({ forward: { [name]: value } })?.forward).toEqual({ [name]: left });
  });

  it.each([
    ['user-agent', 'Amazon Simple Notification Service Agent'],
    ['user-agent', 'GitHub-Hookshot/044aadd'],
    ['x-amz-sns-message-id', '165545c9-2a5c-472c-8df2-7ff2be2b3b1b'],
    ['x-amz-sns-subscription-arn', 'arn:aws:sns:us-west-2:123456789012:MyTopic:2bcfbf39-05c3-41de-beaa-fcfcc21c8f55'],
    ['x-github-delivery', '72d3162e-cc78-11e3-81ab-4c9367dc0958'],
    ['x-github-hook-installation-target-id', '79929171'],
    ['x-hub-signature', 'sha1=7d38cdd689735b008b3c702edd92eea23791c5f6'],
    ['x-hub-signature-256', 'sha256=d57c68ca6f92289e6987922ff26938930f6e66a2d161ef06abdf1859230aa23c'],
    ['sentry-hook-signature', 'd57c68ca6f92289e6987922ff26938930f6e66a2d161ef06abdf1859230aa23c'],
    ['sentry-hook-timestamp', '1711315768'],
    ['webhook-signature', 'v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4='],
    ['x-zendesk-webhook-signature', 'EiqWE3SXTPQpPulBV6OSuuGziIishZNc1VwNZYqZrHU='],
    ['x-pagerduty-signature', 'v1=d57c68ca6f92289e6987922ff26938930f6e66a2d161ef06abdf1859230aa23c'],
    ['circleci-signature', 'v1=d57c68ca6f92289e6987922ff26938930f6e66a2d161ef06abdf1859230aa23c'],
    [
      'x-buildkite-signature',
      'timestamp=1619071700,signature=30222eb518dc3fb61ec9e64dd78d163f62cb134a6ldb768f1d40e0edbn6e43f0',
    ],
    ['ce-source', '/subscriptions/1/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/s'],
  ])('%s: %s, which PagerDuty reads, is not changed', (name, value) => {
    expect(vendorScrubbed({ forward: { [name]: value } })?.forward).toEqual({ [name]: value });
  });
});
