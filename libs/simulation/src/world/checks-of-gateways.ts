import { type Check } from './oracle';

/**
 * How long a gateway may take until its 202, whatever is unreachable; ms. In 1,000 worlds the slowest of 300,000 took 3.0 s: an
 * event waits in memory for two seconds, or for the broker's confirm for as long, and is spooled then.
 */
const ACCEPTED_MS = 6_000;
/** The same if the disk is slow, full or fails, or was a moment before. The slowest took 3.5 s. */
const ACCEPTED_WITH_DISK_TROUBLE_MS = 7_000;

/** A gateway accepts events, whatever is unreachable, for as long as it can store them. */
export const CHECKS_OF_GATEWAYS: Readonly<Record<string, Check>> = {
  'a gateway refuses an event only if it cannot store it': ({ world }) =>
    world.gateways
      .flatMap(({ requests }) => requests.all)
      .filter(({ response, excuse }) => response !== '202' && excuse === undefined)
      .map(({ id, gateway, response }) => problemOf(id, `${gateway} responded: ${response}`)),

  'a gateway accepts an event in time, whatever is unreachable': ({ world }) =>
    world.gateways
      .flatMap(({ requests }) => requests.all)
      .flatMap(({ id, gateway, response, ms, hadDiskTrouble }) => {
        const bound = hadDiskTrouble ? ACCEPTED_WITH_DISK_TROUBLE_MS : ACCEPTED_MS;
        return response !== '202' || ms <= bound
          ? []
          : [problemOf(id, `${gateway} took ${Math.round(ms)} ms, not ${bound}`)];
      }),
};

function problemOf(id: string, what: string) {
  return { detail: `${id}: ${what}`, alert: id.split('/')[0] ?? id, messages: [id] };
}
