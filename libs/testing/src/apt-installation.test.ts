import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { installWithApt } from './apt-installation';

describe('installWithApt', () => {
  let root: string;
  let policy: string;
  const pathBefore = process.env['PATH'];

  /** A fake apt-get that records its arguments and the current policy for services. */
  function provideAptGet(exitCode: number): void {
    const script = `#!/bin/sh\n'${policy}'; echo "$? $*" >> '${root}/calls'\necho "E: no such package" >&2\nexit ${exitCode}\n`;
    for (const [name, text] of [
      ['apt-get', script],
      ['systemctl', `#!/bin/sh\necho "$*" >> '${root}/services'\n`],
    ] as const) {
      writeFileSync(path.join(root, name), text);
      chmodSync(path.join(root, name), 0o755);
    }
  }

  beforeEach(() => {
    root = mkdtempSync(path.join(tmpdir(), 'apt-'));
    policy = path.join(root, 'usr', 'sbin', 'policy-rc.d');
    mkdirSync(path.dirname(policy), { recursive: true });
    process.env['PATH'] = `${root}${path.delimiter}${pathBefore ?? ''}`;
  });

  afterEach(() => {
    process.env['PATH'] = pathBefore;
    rmSync(root, { recursive: true });
  });

  it('prevents services from starting, during the installation and at the next boot', async () => {
    provideAptGet(0);
    await installWithApt(['redis-server'], () => undefined, root);
    expect(readFileSync(path.join(root, 'calls'), 'utf8')).toBe(
      '101 update\n101 install --yes --no-install-recommends redis-server\n',
    );
    expect(readFileSync(path.join(root, 'services'), 'utf8')).toBe('disable --quiet redis-server.service\n');
    expect(existsSync(policy)).toBe(false);
  });

  it('restores an existing policy file, even if the installation fails', async () => {
    provideAptGet(100);
    writeFileSync(policy, 'mine');
    await expect(installWithApt(['redis-server'], () => undefined, root)).rejects.toThrow('E: no such package');
    expect(readFileSync(policy, 'utf8')).toBe('mine');
  });

  it('restores the policy file that an interrupted run has replaced', async () => {
    provideAptGet(0);
    writeFileSync(`${policy}.pdaltagent-kept`, 'mine');
    writeFileSync(policy, 'ours, from the run before');
    await installWithApt(['redis-server'], () => undefined, root);
    expect(readFileSync(policy, 'utf8')).toBe('mine');
  });
});
