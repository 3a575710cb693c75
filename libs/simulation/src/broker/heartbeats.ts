import { type SeededRandom } from '../seeded-random';

/** In intervals. A broker checks at each of them, amqplib at every second one. */
const BROKER_MISSES = { least: 2, most: 3 };
const CLIENT_MISSES = { least: 2, most: 4 };

/** When each side of a connection that broke silently notices that heartbeats are missing; ms after the break. */
export function heartbeatTimeouts(random: SeededRandom, intervalMs: number): { broker: number; client: number } {
  const within = ({ least, most }: { readonly least: number; readonly most: number }): number =>
    least * intervalMs + random.below((most - least) * intervalMs);
  return { broker: within(BROKER_MISSES), client: within(CLIENT_MISSES) };
}
