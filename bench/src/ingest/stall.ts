import { declareTopology, EVENTS, laneOf, laneQueue } from '@pdaltagent/messaging';
import { waitUntil } from '@pdaltagent/testing';
import { type ChannelModel, connect } from 'amqplib';
import { type BenchResult, log } from '../delivery/servers';
import { KEYS, keyOf } from './event';
import { type LoadReport, underLoad } from './processes';
import { metricOf, withServers } from './servers';

const CONNECTIONS = 32;
/** Pause between a response and the connection's next event, so that the machine is not saturated. */
const PAUSE_MS = 50;
const CONNECTIONS_TO_THE_STALLED = 8;
const WARM_UP_SECONDS = 5;
/** Maximum length of the baseline measurement. */
const BASELINE_SECONDS = 60;

/** The queue of one lane stops responding, as one without a leader does, while senders continue. */
export function measureStall(seconds: number): Promise<BenchResult> {
  return withServers(async ({ broker, startGateway }) => {
    const gateway = await startGateway('gateway');
    const key = keyOfItsOwnLane();
    const lane = laneOf(EVENTS, keyOf(key));
    const consumed = await consumeAll(broker.url);
    const others = (length: number): Promise<LoadReport> =>
      underLoad({ port: gateway.port, connections: CONNECTIONS, intervalMs: PAUSE_MS, seconds: length });
    const toOneLane = (length: number): Promise<LoadReport> =>
      underLoad({
        port: gateway.port,
        connections: CONNECTIONS_TO_THE_STALLED,
        keys: 1,
        firstKey: key,
        seconds: length,
        intervalMs: PAUSE_MS,
      });
    const queue = `rabbit_misc:r(<<"/">>, queue, <<"${laneQueue(EVENTS, lane)}">>)`;
    const raft = (call: string): Promise<string> =>
      broker.control([
        'eval',
        `{ok, Q} = rabbit_amqqueue:lookup(${queue}), {P, _} = amqqueue:get_pid(Q), sys:${call}(P).`,
      ]);

    log('warming up');
    await others(WARM_UP_SECONDS);
    const baselineSeconds = Math.min(seconds, BASELINE_SECONDS);
    log(`all lanes answer: ${baselineSeconds} s`);
    const [before, unstalled] = await Promise.all([others(baselineSeconds), toOneLane(baselineSeconds)]);
    await raft('suspend');
    log(`lane ${lane} does not respond: ${seconds} s`);
    const [during, stalled] = await Promise.all([others(seconds), toOneLane(seconds)]);
    const spooled = await metricOf(gateway, 'pdaltagent_gateway_spool_entries');
    await raft('resume');
    const accepted = unstalled.accepted + stalled.accepted;
    await waitUntil(() => consumed.of(lane) >= accepted, {
      what: `${accepted} events of the lane to arrive`,
      timeoutMs: 300_000,
    });
    await consumed.end();
    const row = (what: string, { accepted, refused, medianMs, p99Ms }: LoadReport) => ({
      lanes: what,
      accepted,
      refused,
      'median ms': medianMs.toFixed(1),
      'p99 ms': p99Ms.toFixed(1),
    });
    const connections = gateway.app.lines.filter(({ message }) => message === 'broker connected').length;
    return {
      conditions:
        `${CONNECTIONS} connections, ${PAUSE_MS} ms after each answer; p99 of the others ` +
        `${(during.p99Ms / before.p99Ms).toFixed(2)} times; ${spooled} events spooled of the stalled lane, ` +
        `${consumed.of(lane)} of its ${accepted} arrived; connections of the gateway: ${connections}`,
      rows: [
        row('others, before', before),
        row('others, during', during),
        row('the stalled one, before', unstalled),
        row('the stalled one, during', stalled),
      ],
    };
  });
}

/** The number of a key whose lane has no other key. */
function keyOfItsOwnLane(): number {
  const taken = new Set(Array.from({ length: KEYS }, (_, key) => laneOf(EVENTS, keyOf(key))));
  for (let key = KEYS; ; key += 1) if (!taken.has(laneOf(EVENTS, keyOf(key)))) return key;
}

/** Consumes all lanes, and counts messages by lane. */
async function consumeAll(amqpUrl: string): Promise<{ of: (lane: number) => number; end: () => Promise<void> }> {
  const counts: number[] = Array.from({ length: EVENTS.lanes }, () => 0);
  const connections: ChannelModel[] = [];
  const declaring = await connect(amqpUrl);
  await declareTopology(declaring, EVENTS, 'quorum');
  await declaring.close();
  for (let lane = 0; lane < EVENTS.lanes; lane += 1) {
    // One connection per lane: a queue that does not respond closes its consumer's connection.
    const connection = await connect(amqpUrl);
    connections.push(connection);
    const channel = await connection.createChannel();
    await channel.consume(
      laneQueue(EVENTS, lane),
      (message) => {
        if (message !== null) counts[lane] = (counts[lane] ?? 0) + 1;
      },
      { noAck: true },
    );
  }
  return {
    of: (lane) => counts[lane] ?? 0,
    end: async () => {
      for (const connection of connections) await connection.close();
    },
  };
}
