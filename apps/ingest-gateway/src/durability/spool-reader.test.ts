import { SpoolError, type SpoolSource } from '@pdaltagent/spool';
import { type LogLine, recordingLogger } from '../gateway.fixture';
import { SpoolReader } from './spool-reader';

const LANE = 3;

/** A spool with one entry of the lane, which cannot be read while its disk fails. */
function failingSource(): SpoolSource & { isFailing: boolean } {
  return {
    folder: '/spool/lanes/0',
    entries: 1,
    bytes: 1,
    isFailing: true,
    entriesOf: () => 1,
    bytesOf: () => 1,
    read() {
      return this.isFailing ? Promise.reject(new SpoolError('failing')) : Promise.resolve([]);
    },
    erase: () => undefined,
    oldestSequence() {
      return this.isFailing ? Promise.reject(new SpoolError('failing')) : Promise.resolve(7);
    },
    close: () => Promise.resolve(),
  };
}

describe('a spool that cannot be read', () => {
  const source = failingSource();
  const log: LogLine[] = [];
  const events = new SpoolReader({ log: recordingLogger(log), quarantine: () => Promise.resolve(false) });

  it('is logged once, however often reads fail, and again only after a successful read', async () => {
    for (let tick = 0; tick < 10; tick += 1) expect(await events.read(source, LANE, 0)).toEqual([]);
    expect(log).toHaveLength(1);
    source.isFailing = false;
    await events.read(source, LANE, 0);
    source.isFailing = true;
    await events.read(source, LANE, 0);
    expect(log).toHaveLength(2);
  });

  it('has an oldest event of unknown age', async () => {
    expect(await events.oldestSequence(source)).toBeNaN();
    source.isFailing = false;
    expect(await events.oldestSequence(source)).toBe(7);
  });
});
