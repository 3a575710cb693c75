import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { claimSpool, leftBehind } from './claim';
import { type Spool } from './spool';

const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
const options = { maximumBytes: 1024 * 1024, log };
const ALL = { entries: 100, bytes: Infinity };

let root: string;
beforeEach(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'spools-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

const claim = (): Promise<Spool> => claimSpool(root, options);

it('gives each instance a folder of its own, and one that comes back a folder that stood', async () => {
  const [first, second] = [await claim(), await claim()];
  expect([first, second].map(({ folder }) => path.basename(folder))).toEqual(['0', '1']);
  await first.append(1, Buffer.from('left'));
  await first.close();
  const third = await claim();
  expect([path.basename(third.folder), third.entries]).toEqual(['0', 1]);
  await Promise.all([second.close(), third.close()]);
});

it('finds what is left behind where nobody is, and neither its own, nor an empty one, nor one in use', async () => {
  const spools = [await claim(), await claim(), await claim(), await claim()];
  const [own, gone, busy, empty] = spools;
  for (const spool of [own, gone, busy]) await spool?.append(7, Buffer.from(spool.folder));
  await Promise.all([gone?.close(), empty?.close()]);
  const found: string[] = [];
  const look = async (): Promise<void> => {
    if (own === undefined) throw new Error('no spool');
    await leftBehind(root, own, options, async (left) => {
      for (const { sequence, bytes, content } of await left.read(0, ALL)) {
        found.push(content.toString());
        left.erase(sequence, bytes);
      }
    });
  };
  await look();
  expect(found).toEqual([gone?.folder]);
  await look();
  expect(found).toHaveLength(1);
  await Promise.all([own?.close(), busy?.close()]);
});

it('keeps what could not be taken over, and gives the folder free', async () => {
  const [own, gone] = [await claim(), await claim()];
  await gone.append(7, Buffer.from('left'));
  await gone.close();
  const refusing = () => Promise.reject(new Error('no room'));
  await expect(leftBehind(root, own, options, refusing)).rejects.toThrow('no room');
  const again = await claim();
  expect([path.basename(again.folder), again.entries]).toEqual(['1', 1]);
  await Promise.all([own.close(), again.close()]);
});
