import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { authoritiesOf } from './index';

const folder = mkdtempSync(path.join(tmpdir(), 'authorities-'));
afterAll(() => rmSync(folder, { recursive: true }));

function fileWith(text: string): string {
  const file = path.join(folder, `${text}.pem`);
  writeFileSync(file, text);
  return file;
}

it('PDAGENTD_CA_FILE is trusted in addition to NODE_EXTRA_CA_CERTS, which may be missing', () => {
  const certificateAuthorities = fileWith('ours');
  expect(authoritiesOf({ certificateAuthorities }, {}).join()).toBe('ours\n');
  expect(authoritiesOf({ certificateAuthorities }, { NODE_EXTRA_CA_CERTS: fileWith('theirs') }).join()).toBe(
    'ours\ntheirs',
  );
  expect(authoritiesOf({ certificateAuthorities }, { NODE_EXTRA_CA_CERTS: '/missing' }).join()).toBe('ours\n');
  expect(authoritiesOf({ certificateAuthorities: undefined }, { NODE_EXTRA_CA_CERTS: fileWith('theirs') })).toEqual([]);
});
