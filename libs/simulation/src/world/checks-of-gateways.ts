import { type IngestRequest } from './ingest-requests';
import { type Check } from './oracle';
import { type World } from './world';

/**
 * How long a gateway may take until its 202, whatever is unreachable; ms. In 1,000 worlds the slowest of 300,000 took 3.0 s: an
 * event waits in memory for two seconds, or for the broker's confirm for as long, and is spooled then.
 */
const ACCEPTED_MS = 6_000;
/** The same if the disk is slow, full or fails, or was a moment before. The slowest took 3.5 s. */
const ACCEPTED_WITH_DISK_TROUBLE_MS = 7_000;

/** A gateway accepts events, whatever is unreachable, for as long as it can store them. */
export const CHECKS_OF_GATEWAYS = {
  'a gateway refuses an event only if it cannot store it': ({ world }) =>
    world.gateways
      .flatMap(({ requests }) => requests.all)
      .filter(({ response, excuse }) => response !== '202' && excuse === undefined)
      .map((request) => problemOf(world, request, `${request.gateway} responded: ${request.response}`)),

  'a gateway accepts an event in time, whatever is unreachable': ({ world }) =>
    world.gateways
      .flatMap(({ requests }) => requests.all)
      .flatMap((request) => {
        const { gateway, response, ms, hadDiskTrouble } = request;
        const bound = hadDiskTrouble ? ACCEPTED_WITH_DISK_TROUBLE_MS : ACCEPTED_MS;
        return response !== '202' || ms <= bound
          ? []
          : [problemOf(world, request, `${gateway} took ${Math.round(ms)} ms, not ${bound}`)];
      }),
} satisfies Readonly<Record<string, Check>>;

function problemOf({ senders }: World, { id, response, endedAt }: IngestRequest, what: string) {
  const event = senders.sent.get(id);
  const text = `the sender gets ${response} for ${event?.action ?? 'event'} ${id}`;
  return {
    detail: `${id}: ${what}`,
    messages: [id],
    evidence: [{ at: endedAt, text }],
    ...(event && { alert: event.alert }),
  };
}
