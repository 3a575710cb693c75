import { KEY_FAULTS } from './faults';
import { type Check } from './oracle';
import { KEYS } from './world';

/** How much longer an event of an unrelated key may take if other keys make no progress; ms. */
const UNRELATED_DELAY_MS = 20_000;
/** Events of the scheduler per simulated second, on average: an idle world has about 300. */
const STEPS_PER_SECOND = 6_000;
const CONNECTS_PER_SECOND = 20;
const REQUESTS_PER_EVENT = 40;

/** No key delays another, nothing loops. */
export const CHECKS_OF_BOUNDS: Readonly<Record<string, Check>> = {
  'keys that make no progress do not delay the others': ({ world, faults }) => {
    if (faults.some(({ kind }) => !KEY_FAULTS.includes(kind)) || world.pagerDuty.rate !== Infinity) return [];
    const affectedKeys = new Set(faults.map(({ target }) => KEYS[Math.floor(target * KEYS.length)]));
    const arrivals = new Map<string, number>();
    for (const { request, at } of world.pagerDuty.processed)
      if (!arrivals.has(request.id)) arrivals.set(request.id, at);
    return world.senders.accepted.flatMap(({ id, event, at }) => {
      const delay = (arrivals.get(id) ?? at) - at;
      return affectedKeys.has(event.routingKey) || delay <= UNRELATED_DELAY_MS
        ? []
        : [{ detail: `${id} took ${Math.round(delay)} ms`, alert: event.alert }];
    });
  },

  'nothing loops': ({ world }) => {
    const seconds = world.scheduler.now / 1_000;
    const rates: readonly (readonly [string, number, number])[] = [
      ['steps per second', world.scheduler.steps / seconds, STEPS_PER_SECOND],
      ['connection attempts per second', world.network.attempts / seconds, CONNECTS_PER_SECOND],
      [
        'requests per event',
        world.pagerDuty.requests.all.length / Math.max(1, world.senders.accepted.length),
        REQUESTS_PER_EVENT,
      ],
    ];
    return rates.flatMap(([what, rate, most]) =>
      rate <= most ? [] : [{ detail: `${rate.toFixed(1)} ${what}, not ${most}` }],
    );
  },
};
