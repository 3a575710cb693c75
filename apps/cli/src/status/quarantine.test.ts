import { chmodSync, rmSync } from 'node:fs';
import { NOW } from '../cli.fixture';
import { GatewayFolder } from '../quarantine/quarantine.fixture';
import { checkQuarantine } from './quarantine';

let gateway: GatewayFolder;
beforeEach(() => {
  gateway = new GatewayFolder();
});
afterEach(() => gateway.remove());

const findings = () => checkQuarantine(gateway.environment, NOW);

describe('status of the quarantine', () => {
  it('shows the number of events by problem, and what to do', async () => {
    await gateway.add({ id: 'm1' }, { id: 'm2' });
    await gateway.put('m3', Buffer.from([0]), { problem: 'damaged' });
    expect(await findings()).toEqual([
      {
        subject: 'quarantine',
        state: 'attention',
        detail: '3 (2 refused, 1 damaged) that this gateway cannot publish, the oldest for 4 min',
        advice: expect.stringContaining('pdaltagent quarantine list') as string,
      },
    ]);
  });

  it('is fine if it is empty, and has no line if there is none', async () => {
    await gateway.quarantine();
    expect(await findings()).toEqual([{ subject: 'quarantine', state: 'fine', detail: 'empty' }]);
    rmSync(gateway.folder, { recursive: true });
    expect(await findings()).toEqual([]);
  });

  it('is a note, which does not fail the check, if this user may not read it', async () => {
    await gateway.add({ id: 'm1' });
    chmodSync(gateway.folder, 0o000);
    // Root reads everything; as another user it may not.
    const isRoot = process.getuid?.() === 0;
    if (isRoot) process.seteuid?.('nobody');
    const found = await findings();
    if (isRoot) process.seteuid?.(0);
    expect(found).toEqual([expect.objectContaining({ subject: 'quarantine', state: 'note' })]);
  });
});
