import { type LogLine } from '@pdaltagent/testing';
import { addresses } from './addresses';
import { Cleanups } from './cleanups';
import { prepare } from './prepare';
import { tellStory } from './walkthrough';
import { someServiceEnds, startSystem, type SystemOptions } from './system';
import { toldToEnd } from './wait-for-shutdown';
import { watchArrivals } from './watch';
import { BANNER, bold, dim, say, warn } from './terminal';

/** Runs the relay on servers of its own, sends a few events, and stays until it is told to end. */
export async function demo(agreed: boolean): Promise<number> {
  const cleanups = new Cleanups();
  const told = toldToEnd();
  let isEnding = false;
  const show = showing(cleanups, agreed, (source, line) => {
    // While all is stopped side by side, each finds others gone.
    if (!isEnding) tellTroubles(source, line);
  });
  try {
    const outcome = await Promise.race([told, show]);
    isEnding = true;
    say(dim(`${outcome === 'SIGINT' ? '' : `${outcome}: `}stopping everything …`));
    return 0;
  } finally {
    await cleanups.run(warn);
    say('Stopped: no process is left.');
  }
}

/** Never resolves once everything runs; rejects when something ends that should not. */
async function showing(cleanups: Cleanups, agreed: boolean, onLog: SystemOptions['onLog']): Promise<never> {
  say(bold(BANNER));
  await prepare(agreed);
  const system = await startSystem({
    name: 'demo',
    say: (text) => say(dim(text)),
    onLog,
    onWebhook: ({ event, incident }) => {
      say(
        `    webhook    ${event} of incident #${incident?.number ?? '–'} “${incident?.title ?? ''}” polled, queued and sent`,
      );
    },
    cleanups,
  });
  const watch = watchArrivals(system.simulator);
  cleanups.add('the watch', () => Promise.resolve(watch.stop()));
  const ended = someServiceEnds(system);
  await Promise.race([tellStory(system, watch), ended]);
  say(addresses(system));
  return ended;
}

function tellTroubles(source: string, line: LogLine): void {
  const level = line['level'];
  // What a first start has to say of itself is no trouble.
  if ((level === 'warn' || level === 'error') && !line.message.startsWith('there is no cursor in Redis')) {
    warn(`    ${source}: ${line.message}`);
  }
}
