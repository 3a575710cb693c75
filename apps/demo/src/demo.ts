import { type LogLine } from '@pdaltagent/testing';
import { addresses } from './addresses';
import { Cleanups } from './cleanups';
import { prepare } from './prepare';
import { runWalkthrough } from './walkthrough';
import { rejectOnServiceExit, startSystem, type SystemOptions } from './system';
import { waitForShutdown } from './wait-for-shutdown';
import { watchEvents } from './watch';
import { BANNER, bold, dim, print, warn } from './terminal';

/** Runs the relay on private servers, sends a few events, and waits for a signal to stop. */
export async function demo(assumeYes: boolean): Promise<number> {
  const cleanups = new Cleanups();
  const shutdown = waitForShutdown();
  let isEnding = false;
  const show = runDemo(cleanups, assumeYes, (source, line) => {
    // During shutdown the services report that others are gone.
    if (!isEnding) printProblems(source, line);
  });
  try {
    const outcome = await Promise.race([shutdown, show]);
    isEnding = true;
    print(dim(`${outcome === 'SIGINT' ? '' : `${outcome}: `}stopping everything …`));
    return 0;
  } finally {
    await cleanups.run(warn);
    print('Stopped. No process is left running.');
  }
}

/** Never resolves; rejects if something fails or a service exits. */
async function runDemo(cleanups: Cleanups, assumeYes: boolean, onLog: SystemOptions['onLog']): Promise<never> {
  print(bold(BANNER));
  await prepare(assumeYes);
  const system = await startSystem({
    name: 'demo',
    print: (text) => print(dim(text)),
    onLog,
    onWebhook: ({ event, incident }) => {
      print(
        `    webhook    ${event} of incident #${incident?.number ?? '–'} “${incident?.title ?? ''}” polled, queued and sent`,
      );
    },
    cleanups,
  });
  const watch = watchEvents(system.simulator);
  cleanups.add('the watch', () => Promise.resolve(watch.stop()));
  const ended = rejectOnServiceExit(system);
  await Promise.race([runWalkthrough(system, watch), ended]);
  print(addresses(system));
  return ended;
}

function printProblems(source: string, line: LogLine): void {
  const level = line['level'];
  // Expected at the first start.
  if ((level === 'warn' || level === 'error') && !line.message.startsWith('there is no cursor in Redis')) {
    warn(`    ${source}: ${line.message}`);
  }
}
