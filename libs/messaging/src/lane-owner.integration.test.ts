import { SYSTEM_CLOCK, SYSTEM_RANDOM } from '@pdaltagent/clock';
import { Dispatcher } from '@pdaltagent/delivery';
import { testServers, waitUntil } from '@pdaltagent/testing';
import { connect } from 'amqplib';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Sender } from './dead-letters/sender';
import { BrokerClient } from './inspection/broker-client';
import { DeliveredIds } from './delivered-ids';
import { RedeliveryFilter } from './redelivery-filter';
import { type UnackedMessage } from './lane-consumer';
import { LaneOwner } from './lane-owner';
import { DELIVERED, event, KEY, Markers, publish } from './lane-worker.fixture';
import { toProperties } from './message';
import { Publisher } from './publisher';
import { declareTopology, EVENTS, laneOf, sidingKey, sidingQueue } from './topology';

const log = { info: () => undefined, warn: () => undefined, error: () => undefined };

it('a siding is taken over once, even if it is found while the first message of its lane arrives', async () => {
  const url = (await testServers()).amqpUrl;
  const connection = await connect(url);
  await declareTopology(connection, EVENTS, 'quorum');
  const index = laneOf(EVENTS, KEY);
  const client = await BrokerClient.open({ url, name: 'test' });
  const sender = await Sender.open(client);
  const moved = { ...event('disk', 0), maybeDuplicate: true };
  await sender.send(EVENTS.exchange, sidingKey(index, 0), moved.body, toProperties(moved));
  await client.close();

  const delivered: string[] = [];
  const dispatcher = new Dispatcher<UnackedMessage>(
    {
      concurrency: 8,
      maximumAgeMs: 86_400_000,
      poisonAfterMs: 3_600_000,
      destinationOf: () => 'PagerDuty',
      clock: SYSTEM_CLOCK,
      random: SYSTEM_RANDOM,
    },
    {
      attempt: (message) => queueMicrotask(() => dispatcher.settle(message, DELIVERED)),
      interrupt: () => undefined,
      acknowledge: (message) => {
        delivered.push(message.id);
        message.lane.ack(message);
        dispatcher.done(message);
      },
      deadLetter: () => undefined,
      onChange: () => undefined,
    },
  );
  const redeliveryFilter = new RedeliveryFilter(new DeliveredIds(new Markers(), SYSTEM_CLOCK), {
    admit: (message) => owner.admit(message),
    dropDuplicate: (message) => message.lane.ack(message),
  });
  const publisher = new Publisher({ url, name: 'test', laneGroup: EVENTS, queueType: 'quorum', log });
  publisher.start();
  let prepared: () => void = () => undefined;
  const preparation = new Promise<void>((resolve) => (prepared = resolve));
  let isAsked = false;
  const owner = new LaneOwner({
    laneGroup: EVENTS,
    index,
    dispatcher,
    redeliveryFilter,
    publisher,
    log,
    prepare: () => {
      isAsked = true;
      return preparation;
    },
    ports: { onUnreadable: () => undefined, onEnded: () => undefined },
  });
  const control = await connection.createChannel();
  await owner.open(connection, control);

  // The siding is found; before the reply arrives, the lane's first message does, for which the sidings are loaded.
  const ask = control.checkQueue.bind(control);
  let heard: () => void = () => undefined;
  const replied = new Promise<void>((resolve) => (heard = resolve));
  control.checkQueue = async (queue) => {
    const reply = await ask(queue);
    await replied;
    return reply;
  };
  const looking = owner.takeOverStranded();
  await publish(url, [event('disk', 1)]);
  await waitUntil(() => isAsked, { what: 'the first message of the lane' });
  heard();
  await nextTurn();
  prepared();
  await waitUntil(() => delivered.length === 2, { what: 'both deliveries' });
  await looking;
  await owner.release();
  expect((await control.checkQueue(sidingQueue(EVENTS, index, 0))).consumerCount).toBe(0);
  await publisher.close();
  await connection.close();
});
