import { ManualClock } from '@pdaltagent/testing';
import { type Channel } from 'amqplib';
import { deliveryOf } from './delivery.fixture';
import { Membership } from './membership';

const HOUR = 3_600_000;
const LANES = Array.from({ length: 32 }, (_, lane) => lane);

/** The status exchange: each announcement reaches everyone, the sender included. */
class StatusExchange {
  readonly #ears = new Set<(content: Buffer) => void>();

  announce(body: Buffer): void {
    for (const receive of this.#ears) receive(body);
  }

  channel(): Pick<Channel, 'assertQueue' | 'bindQueue' | 'consume'> {
    return {
      assertQueue: () => Promise.resolve({ queue: 'own', messageCount: 0, consumerCount: 0 }),
      bindQueue: () => Promise.resolve({}),
      consume: (_queue, take) => {
        this.#ears.add((content) => take(deliveryOf(content)));
        return Promise.resolve({ consumerTag: 'own' });
      },
    };
  }
}

/** A worker's, until it leaves the exchange. */
async function memberOf(exchange: StatusExchange, clock: ManualClock): Promise<Membership> {
  const member = new Membership({
    group: 'events',
    announce: (body) => exchange.announce(body),
    onChange: () => undefined,
    consumed: () => [],
    parked: () => [],
    clock,
  });
  await member.join(exchange.channel());
  return member;
}

/** Two workers that know each other; the clock is the first one's. The second one may fall silent. */
async function twoWorkers() {
  const clock = new ManualClock();
  const exchange = new StatusExchange();
  const options = (announce: (body: Buffer) => void) => ({
    group: 'events',
    announce,
    onChange: () => undefined,
    consumed: () => [],
    parked: () => [],
    clock,
  });
  const first = new Membership(options((body) => exchange.announce(body)));
  const voice = { isHeard: true };
  const second = new Membership(options((body) => voice.isHeard && exchange.announce(body)));
  await first.join(exchange.channel());
  await second.join(exchange.channel());
  clock.advance(1_000);
  return { clock, voice, lanes: () => LANES.filter((lane) => first.isMine(lane)).length };
}

describe.each([
  ['back two hours', -2 * HOUR],
  ['forward three days', 72 * HOUR],
])('a worker whose wall clock is set %s', (_, jump) => {
  it('keeps its share of the lanes', async () => {
    const { clock, lanes } = await twoWorkers();
    const share = lanes();
    expect(share).toBeGreaterThan(0);
    expect(share).toBeLessThan(LANES.length);
    for (let half = 0; half < 20; half += 1) {
      if (half === 4) clock.jump(jump);
      clock.advance(500);
      expect(lanes()).toBe(share);
    }
  });

  it('takes the lanes of a worker that vanished within seven seconds', async () => {
    const { clock, voice, lanes } = await twoWorkers();
    voice.isHeard = false;
    clock.jump(jump);
    clock.advance(5_000);
    expect(lanes()).toBeLessThan(LANES.length);
    clock.advance(2_000);
    expect(lanes()).toBe(LANES.length);
  });
});

const MINUTE = 60_000;

it('a worker that starts after an older one has left learns of it from the others, and forgets it when they do', async () => {
  const clock = new ManualClock();
  const exchange = new StatusExchange();
  const first = await memberOf(exchange, clock);
  exchange.announce(Buffer.from('{"kind":"here","member":"older","group":"events","asks":false,"lanes":[]}'));
  clock.advance(6 * MINUTE);
  const second = await memberOf(exchange, clock);
  clock.advance(1_000);
  expect([first, second].map(({ hasHeardOlder }) => hasHeardOlder)).toEqual([true, true]);
  clock.advance(4 * MINUTE);
  expect([first, second].map(({ hasHeardOlder }) => hasHeardOlder)).toEqual([false, false]);
  const third = await memberOf(exchange, clock);
  clock.advance(1_000);
  expect([first, second, third].map(({ hasHeardOlder }) => hasHeardOlder)).toEqual([false, false, false]);
});
