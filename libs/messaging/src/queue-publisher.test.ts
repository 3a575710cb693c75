import { ManualClock } from '@pdaltagent/testing';
import { type Options } from 'amqplib';
import fc from 'fast-check';
import { setImmediate as turn } from 'node:timers/promises';
import { type ChannelClosure, type Settlement } from './publish-channel';
import { QueuePublisher, type Refusal } from './queue-publisher';

interface Sent {
  readonly id: number;
  readonly settle: (settlement: Settlement) => void;
}

/** A queue, and the channels that were opened to publish to it; a test decides what becomes of what they send. */
class Broker {
  readonly clock = new ManualClock();
  /** Ids, in the order of their arrival. */
  readonly queue: number[] = [];
  readonly channels: Channel[] = [];
  isBlocked = false;
  largestBody = Infinity;
  readonly publisher = new QueuePublisher({
    exchange: 'events',
    routingKey: '00.siding.0',
    connection: {
      state: () => (this.isBlocked ? 'blocked' : 'connected'),
      accepts: (bytes) => bytes <= this.largestBody,
      openChannel: (onEnded) => {
        const channel = new Channel(this.queue, onEnded);
        this.channels.push(channel);
        return Promise.resolve(channel);
      },
    },
    onStopped: () => undefined,
    clock: this.clock,
  });
  readonly confirmed: number[] = [];
  readonly refused: [number, Refusal][] = [];

  get channel(): Channel {
    const channel = this.channels.at(-1);
    if (channel === undefined) throw new Error('no channel');
    return channel;
  }

  publish(id: number, bytes = 2): { readonly body: Buffer; readonly properties: { readonly messageId: string } } {
    const publication = {
      body: Buffer.alloc(bytes),
      properties: { messageId: String(id) },
      onConfirmed: () => {
        this.confirmed.push(id);
        // Whatever was published before it is in the queue, too.
        for (let before = 0; before <= id; before += 1) expect(this.queue).toContain(before);
      },
    };
    this.publisher.send(publication);
    return publication;
  }

  /** Its order does not matter. */
  publishAnyhow(id: number, properties: Options.Publish = {}, bytes = 2): void {
    this.publisher.send({
      body: Buffer.alloc(bytes),
      properties: { messageId: String(id), ...properties },
      onConfirmed: () => this.confirmed.push(id),
      onRefused: (why) => this.refused.push([id, why]),
    });
  }

  async pass(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += 250) {
      this.clock.advance(250);
      this.publisher.check();
      await turn();
    }
  }
}

const UNENCODABLE = 'x'.repeat(256);
const REFUSAL = { replyCode: 406, reason: 'Channel closed with message "PRECONDITION_FAILED - invalid header"' };

class Channel {
  /** Sent, and not applied by the queue. */
  readonly wire: Sent[] = [];
  readonly #applied: Sent[] = [];
  readonly #queue: number[];
  readonly #onEnded: (closure: ChannelClosure | undefined) => void;
  hasConfirmed = false;
  hasEnded = false;
  unsettled = 0;

  constructor(queue: number[], onEnded: (closure: ChannelClosure | undefined) => void) {
    this.#queue = queue;
    this.#onEnded = onEnded;
  }

  send(_to: unknown, _body: Buffer, { messageId, contentType }: Options.Publish, settle: Sent['settle']) {
    if (this.hasEnded) return 'ended' as const;
    if (contentType === UNENCODABLE) return 'unencodable' as const;
    this.wire.push({ id: Number(messageId), settle });
    this.unsettled += 1;
    return 'sent' as const;
  }

  /** What was sent before the channel ended may still arrive. */
  apply(): void {
    const sent = this.wire.shift();
    if (sent === undefined) return;
    this.#queue.push(sent.id);
    if (!this.hasEnded) this.#applied.push(sent);
  }

  confirm(which = 0): void {
    const [sent] = this.#applied.splice(which % Math.max(1, this.#applied.length), 1);
    if (sent === undefined || this.hasEnded) return;
    this.hasConfirmed = true;
    this.unsettled -= 1;
    sent.settle('confirmed');
  }

  /** RabbitMQ refuses messages one by one only before it has confirmed one of the channel. */
  refuse(): void {
    if (this.hasConfirmed || this.hasEnded) return;
    const sent = this.wire.shift();
    if (sent === undefined) return;
    this.unsettled -= 1;
    sent.settle('refused');
  }

  end(closure?: ChannelClosure): void {
    if (this.hasEnded) return;
    this.hasEnded = true;
    this.#onEnded(closure);
  }

  close(): void {
    this.hasEnded = true;
  }
}

/** Applies and confirms everything, on whatever channel it is sent. */
async function finish(broker: Broker, count: number): Promise<void> {
  broker.isBlocked = false;
  for (let round = 0; broker.confirmed.length < count && round < 10_000; round += 1) {
    await broker.pass(250);
    broker.channel.apply();
    broker.channel.confirm();
  }
}

it('sends the first message of a channel alone, and then at most 192 that are not confirmed', async () => {
  const broker = new Broker();
  for (let id = 0; id < 300; id += 1) broker.publish(id);
  await turn();
  expect(broker.channel.wire.map(({ id }) => id)).toEqual([0]);
  broker.channel.apply();
  broker.channel.confirm();
  expect(broker.channel.wire).toHaveLength(192);
});

it('confirms a message only once those before it are confirmed', async () => {
  const broker = new Broker();
  for (let id = 0; id < 4; id += 1) broker.publish(id);
  await turn();
  const { channel } = broker;
  channel.apply();
  channel.confirm();
  for (let id = 1; id < 4; id += 1) channel.apply();
  channel.confirm(2);
  expect(broker.confirmed).toEqual([0]);
  channel.confirm(0);
  expect(broker.confirmed).toEqual([0, 1]);
  channel.confirm(0);
  expect(broker.confirmed).toEqual([0, 1, 2, 3]);
});

it('sends everything again over another channel if a message is refused, or not confirmed in ten seconds', async () => {
  const broker = new Broker();
  for (let id = 0; id < 3; id += 1) broker.publish(id);
  await turn();
  broker.channel.refuse();
  await broker.pass(1_000);
  expect(broker.channels).toHaveLength(2);
  broker.channel.apply();
  broker.channel.confirm();
  expect(broker.channel.wire.map(({ id }) => id)).toEqual([1, 2]);
  await broker.pass(9_000);
  expect(broker.channels).toHaveLength(2);
  await broker.pass(2_500);
  expect(broker.channels).toHaveLength(3);
  await finish(broker, 3);
  expect(broker.confirmed).toEqual([0, 1, 2]);
});

it('is stuck while the broker blocks publishing or does not accept the oldest message, and sends nothing meanwhile', async () => {
  const broker = new Broker();
  broker.isBlocked = true;
  const first = broker.publish(0);
  await broker.pass(1_500);
  expect(broker.publisher.isStuck).toBe(true);
  expect(broker.channels).toEqual([]);
  broker.isBlocked = false;
  await broker.pass(250);
  expect(broker.publisher.isStuck).toBe(false);
  broker.publisher.withdraw(new Set([first]));
  broker.largestBody = 1;
  broker.publish(0, 2);
  await broker.pass(1_500);
  expect(broker.publisher.isStuck).toBe(true);
  expect(broker.channel.wire.map(({ id }) => id)).toEqual([0]);
});

it('sends the others if one whose order does not matter is too large, or cannot be encoded', async () => {
  const broker = new Broker();
  broker.largestBody = 10;
  broker.publishAnyhow(0, { contentType: UNENCODABLE });
  broker.publishAnyhow(1, {}, 11);
  broker.publishAnyhow(2);
  await finish(broker, 1);
  expect(broker.refused).toEqual([
    [0, 'unencodable'],
    [1, 'too-large'],
  ]);
  expect(broker.confirmed).toEqual([2]);
});

it('finds the message because of which the broker closes the channel, and sends the others', async () => {
  const broker = new Broker();
  for (let id = 0; id < 10; id += 1) broker.publishAnyhow(id);
  for (let round = 0; broker.confirmed.length + broker.refused.length < 10 && round < 100; round += 1) {
    await broker.pass(1_250);
    if (broker.channel.wire.some(({ id }) => id === 4)) broker.channel.end(REFUSAL);
    broker.channel.apply();
    broker.channel.confirm();
  }
  expect(broker.refused).toEqual([[4, 'refused']]);
  expect(broker.confirmed).toEqual([0, 1, 2, 3, 5, 6, 7, 8, 9]);
});

it('sends the next message although one that was withdrawn is never confirmed', async () => {
  const broker = new Broker();
  const withdrawn = broker.publish(0);
  await turn();
  broker.publisher.withdraw(new Set([withdrawn]));
  broker.publishAnyhow(1);
  await broker.pass(72_000);
  broker.channel.apply();
  broker.channel.confirm();
  expect(broker.channels).toHaveLength(2);
  expect(broker.confirmed).toEqual([1]);
});

it('replaces a channel on which nothing is confirmed for ten seconds, although more is sent', async () => {
  const broker = new Broker();
  broker.publish(0);
  await turn();
  broker.channel.apply();
  broker.channel.confirm();
  for (let id = 1; id < 8; id += 1) {
    broker.publish(id);
    await broker.pass(2_000);
  }
  expect(broker.channels).toHaveLength(2);
});

/** What may happen. */
const step = fc.oneof(
  { weight: 5, arbitrary: fc.constant({ do: 'publish' as const }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('apply' as const), channel: fc.nat() }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('confirm' as const), which: fc.nat() }) },
  { weight: 1, arbitrary: fc.constant({ do: 'refuse' as const }) },
  { weight: 1, arbitrary: fc.constant({ do: 'end' as const }) },
  { weight: 1, arbitrary: fc.constant({ do: 'block' as const }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(250, 1_000, 12_000) }) },
);

it('brings the first arrivals into the queue in order, whatever is refused, lost, or late', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 80, size: 'max' }), async (steps) => {
      const broker = new Broker();
      let published = 0;
      for (const one of steps) {
        const channel = broker.channels.at(-1);
        if (one.do === 'publish') broker.publish((published += 1) - 1);
        else if (one.do === 'apply') broker.channels[one.channel % Math.max(1, broker.channels.length)]?.apply();
        else if (one.do === 'confirm') channel?.confirm(one.which);
        else if (one.do === 'refuse') channel?.refuse();
        else if (one.do === 'end') channel?.end();
        else if (one.do === 'block') broker.isBlocked = !broker.isBlocked;
        else await broker.pass(one.ms);
        await turn();
      }
      if (published > 0) await finish(broker, published);
      const order = Array.from({ length: published }, (_, id) => id);
      expect([...new Set(broker.queue)]).toEqual(order);
      expect(broker.confirmed).toEqual(order);
    }),
    { numRuns: 300 },
  );
});
