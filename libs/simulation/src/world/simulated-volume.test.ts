import { type Database, Spool } from '@pdaltagent/spool';
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
      expect(counted).toBe(volume.records.bytes);
      const last = entries.find(({ sequence }) => sequence > ENTRIES);
      seen.damaged += damaged;
      if (last === undefined) seen.missing += 1;
      else if (last.isDamaged === true) seen.torn += 1;
      else seen.complete += 1;
    }
    for (const count of Object.values(seen)) expect(count).toBeGreaterThan(0);
  });
});

describe('a database of which a sync failed', () => {
  const key = (sequence: number): Buffer => {
    const bytes = Buffer.alloc(13);
    bytes.writeUInt32BE(sequence, 5);
    return bytes;
  };

  function newDatabase() {
    const scheduler = new Scheduler(1, false);
    const volume = new SimulatedVolume(scheduler, 'disk');
    const disk = volume.diskOf(new SimulatedProcess(scheduler, 'gateway'));
    const open = async (): Promise<Database> => {
      const database = await scheduler.run(disk.open('spool'));
      if (database === undefined) throw new Error('the database is locked');
      return database;
    };
    const write = (database: Database, sequence: number, sync: boolean): Promise<void> => {
      const batch = database.batch();
      batch.put(key(sequence), Buffer.from('value'));
      return scheduler.run(batch.write({ sync }));
    };
    const sequences = async (database: Database): Promise<number[]> => {
      const found = await scheduler.run(database.getMany([1, 2, 3, 4].map(key)));
      return [1, 2, 3, 4].filter((_, index) => found[index] !== undefined);
    };
    return { scheduler, volume, open, write, sequences };
  }

  it('takes no write until it is opened again, which may find the one that was not synced', async () => {
    const { scheduler, volume, open, write, sequences } = newDatabase();
    const database = await open();
    await write(database, 1, true);
    volume.mode = 'sync fails';
    await expect(write(database, 2, true)).rejects.toThrow('Input/output error');
    volume.mode = 'works';
    for (const sync of [true, false]) await expect(write(database, 3, sync)).rejects.toThrow('Input/output error');
    expect(await sequences(database)).toEqual([1]);
    await scheduler.run(database.close());
    const again = await open();
    await write(again, 4, true);
    expect(await sequences(again)).toEqual([1, 2, 4]);
  });

  it('cannot be opened while syncs fail', async () => {
    const { volume, open } = newDatabase();
    volume.mode = 'sync fails';
    await expect(open()).rejects.toThrow('Input/output error');
  });

  it('if the disk is full instead, takes writes again, but they are lost once it is opened again', async () => {
    const { scheduler, volume, open, write, sequences } = newDatabase();
    const database = await open();
    await write(database, 1, true);
    volume.mode = 'full';
    await expect(write(database, 2, true)).rejects.toThrow('No space left on device');
    volume.mode = 'works';
    await write(database, 3, true);
    expect(await sequences(database)).toEqual([1, 3]);
    await scheduler.run(database.close());
    expect(await sequences(await open())).not.toContain(3);
  });
});

it.each(['sync fails', 'full', 'over its quota'] as const)(
  'a spool has what it accepted before, meanwhile and after its disk had an error, and nothing that it refused: %s',
  async (mode) => {
    for (let seed = 1; seed <= 20; seed += 1) {
      const scheduler = new Scheduler(seed, false);
      const volume = new SimulatedVolume(scheduler, 'disk');
      const spool = await openSpool(scheduler, volume, new SimulatedProcess(scheduler, 'gateway'));
      const accepted: number[] = [];
      let sequence = 0;
      const append = async (): Promise<void> => {
        sequence += 1;
        const own = sequence;
        await spool.append(0, own, Buffer.from(`event ${own}`)).then(
          () => accepted.push(own),
          () => undefined,
        );
      };
      const appendFor = async (ms: number): Promise<void> => {
        for (const until = scheduler.now + ms; scheduler.now < until; await scheduler.runFor(20)) void append();
      };
      await appendFor(100);
      volume.mode = mode;
      await appendFor(500);
      volume.mode = 'works';
      await appendFor(3_000);
      expect(accepted).toContain(sequence - 1);
      await scheduler.run(spool.close());
      const again = await openSpool(scheduler, volume, new SimulatedProcess(scheduler, 'next'));
      const entries = await scheduler.run(again.read(0, 0, { entries: 1_000, bytes: 100_000 }));
      expect(entries.map((entry) => entry.sequence)).toEqual(accepted);
    }
  },
);
