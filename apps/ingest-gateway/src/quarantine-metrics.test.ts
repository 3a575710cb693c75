import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Quarantine } from '@pdaltagent/spool';
import { Registry } from 'prom-client';
import { QuarantineMetrics } from './quarantine-metrics';

const log = { info: () => undefined, warn: () => undefined, error: () => undefined };

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'quarantine-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

it('counts quarantined events by problem, and the current entries, also after other processes removed some', async () => {
  const registry = new Registry();
  const quarantineMetrics = new QuarantineMetrics(registry);
  const [quarantine, command] = [await Quarantine.open(folder, log), await Quarantine.open(folder, log)];
  quarantineMetrics.watch(quarantine);
  for (const id of ['m1', 'm2']) {
    await quarantine.add({ id, problem: 'refused', quarantinedAt: 1, record: Buffer.from('record') });
    quarantineMetrics.countQuarantined('refused');
  }
  await command.remove('m1');
  const text = await registry.metrics();
  expect(text).toContain('pdaltagent_gateway_quarantined_total{problem="refused"} 2\n');
  expect(text).toContain('pdaltagent_gateway_quarantined_total{problem="damaged"} 0\n');
  expect(text).toContain('pdaltagent_gateway_quarantine_entries 1\n');
});

it('exposes the last count while the folder cannot be read', async () => {
  const registry = new Registry();
  const quarantine = await Quarantine.open(path.join(folder, 'quarantine'), log);
  new QuarantineMetrics(registry).watch(quarantine);
  await quarantine.add({ id: 'm1', problem: 'damaged', quarantinedAt: 1, record: Buffer.from('record') });
  await rm(folder, { recursive: true });
  expect(await registry.metrics()).toContain('pdaltagent_gateway_quarantine_entries 1\n');
});
