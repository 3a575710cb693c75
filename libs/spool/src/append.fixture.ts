import { Spool } from './spool';

// Run as a process that tests kill: appends forever, and writes a line for each entry once it is on disk.
const [folder = ''] = process.argv.slice(2);
const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
const LANES_FOLDER = 8;
const CONCURRENT = 64;

async function appendForever(spool: Spool): Promise<void> {
  let next = 0;
  const append = async (): Promise<void> => {
    for (;;) {
      next += 1;
      const sequence = next;
      await spool.append(sequence % LANES_FOLDER, sequence, Buffer.from(`event ${sequence} `.repeat(50)));
      process.stdout.write(`${sequence}\n`);
    }
  };
  await Promise.all(Array.from({ length: CONCURRENT }, append));
}

void Spool.open(folder, { maximumBytes: 2 ** 30, log }).then(async (spool) => {
  if (spool !== undefined) await appendForever(spool);
});
