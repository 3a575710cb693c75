import { Spool } from '@pdaltagent/spool';
import { Scheduler } from '../scheduler';
import { SimulatedProcess } from '../simulated-process';
import { loggerOf } from './gateway';
import { SimulatedVolume } from './simulated-volume';

const ENTRIES = 10;

async function openSpool(scheduler: Scheduler, volume: SimulatedVolume, process: SimulatedProcess): Promise<Spool> {
  const { clock } = process;
  const disk = volume.diskOf(process);
  const opening = Spool.open('spool', { maximumBytes: 10_000, log: loggerOf(process), clock, disk });
  const spool = await scheduler.run(opening);
  if (spool === undefined) throw new Error('the spool is locked');
  return spool;
}

/** What is in a spool with ten synced entries, and one that was being written, after the power failed. */
async function afterPowerFailure(seed: number) {
  const scheduler = new Scheduler(seed, false);
  const volume = new SimulatedVolume(scheduler, 'disk');
  const [before, after] = ['before', 'after'].map((name) => new SimulatedProcess(scheduler, name));
  if (before === undefined || after === undefined) throw new Error('two processes');
  const spool = await openSpool(scheduler, volume, before);
  for (let sequence = 1; sequence <= ENTRIES; sequence += 1)
    await scheduler.run(spool.append(0, sequence, Buffer.from(`event ${sequence}`)));
  spool.append(0, ENTRIES + 1, Buffer.from('not acknowledged')).catch(() => undefined);
  // It is written, but not synced.
  await scheduler.runFor(0.6);
  before.kill();
  volume.failPower();
  const again = await openSpool(scheduler, volume, after);
  const entries = await scheduler.run(again.read(0, 0, { entries: 100, bytes: 100_000 }));
  return { volume, entries, counted: again.bytes };
}

describe('after a power failure', () => {
  it('a spool has everything that was synced; what was damaged is marked, and hides nothing else', async () => {
    const seen = { damaged: 0, torn: 0, complete: 0, missing: 0 };
    for (let seed = 1; seed <= 50; seed += 1) {
      const { volume, entries, counted } = await afterPowerFailure(seed);
      const synced = entries.filter(({ sequence }) => sequence <= ENTRIES);
      expect(synced.map(({ sequence }) => sequence)).toEqual(Array.from({ length: ENTRIES }, (_, index) => index + 1));
      const intact = synced.filter(({ isDamaged }) => isDamaged !== true);
      for (const { sequence, content } of intact) expect(content.toString()).toBe(`event ${sequence}`);
      const damaged = volume.damaged.filter(({ wasSynced }) => wasSynced).length;
      expect(synced.length - intact.length).toBe(damaged);
      expect(counted).toBe(volume.bytes);
      const last = entries.find(({ sequence }) => sequence > ENTRIES);
      seen.damaged += damaged;
      if (last === undefined) seen.missing += 1;
      else if (last.isDamaged === true) seen.torn += 1;
      else seen.complete += 1;
    }
    for (const count of Object.values(seen)) expect(count).toBeGreaterThan(0);
  });
});
