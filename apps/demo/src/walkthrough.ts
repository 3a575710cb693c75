import { EVENTS, laneOf, laneQueue } from '@pdaltagent/messaging';
import { waitUntil } from '@pdaltagent/testing';
import { sendOverHttp, type SendResult, sendWithPdSend } from './send';
import { type System } from './system';
import { bold, dim, print } from './terminal';
import { type EventWatch } from './watch';

/** The demo's routing key; the simulator accepts any well-formed one. */
export const DEMO_KEY = 'd3m0d3m0d3m0d3m0d3m0d3m0d3m0d3m0';

interface Step {
  title: string;
  send: (system: System) => Promise<SendResult>;
}

const STEPS: Step[] = [
  {
    title: 'pd-send (HTTPS): trigger db1/disk',
    send: (system) =>
      pdSend(system, '-t', 'trigger', '-i', 'db1/disk', '-d', 'Disk is full', '-o', 'db1', '-f', 'usage=98%'),
  },
  {
    title: 'HTTP POST /v2/enqueue: trigger web3/cpu',
    send: ({ gatewayUrl }) =>
      sendOverHttp(
        `${gatewayUrl}/v2/enqueue`,
        JSON.stringify({
          routing_key: DEMO_KEY,
          event_action: 'trigger',
          dedup_key: 'web3/cpu',
          payload: { summary: 'CPU load 97 %', source: 'web3', severity: 'warning' },
        }),
      ),
  },
  {
    title: 'HTTP POST /integration/<key>/enqueue: a CloudWatch alarm',
    send: ({ gatewayUrl }) =>
      sendOverHttp(
        `${gatewayUrl}/integration/${DEMO_KEY}/enqueue`,
        JSON.stringify({
          Type: 'Notification',
          Message: JSON.stringify({ AlarmName: 'queue-depth', NewStateValue: 'ALARM', NewStateReason: 'over 1000' }),
        }),
      ),
  },
  {
    title: 'pd-send (HTTPS): acknowledge db1/disk',
    send: (system) => pdSend(system, '-t', 'acknowledge', '-i', 'db1/disk'),
  },
  {
    title: 'HTTP POST /v2/enqueue: resolve db1/disk',
    send: ({ gatewayUrl }) =>
      sendOverHttp(
        `${gatewayUrl}/v2/enqueue`,
        JSON.stringify({ routing_key: DEMO_KEY, event_action: 'resolve', dedup_key: 'db1/disk' }),
      ),
  },
];

/** Sends a few events, one after another, and waits for the delivery of each and for all webhooks. */
export async function runWalkthrough(system: System, watch: EventWatch): Promise<void> {
  const queue = laneQueue(EVENTS, laneOf(EVENTS, DEMO_KEY));
  for (const [index, { title, send }] of STEPS.entries()) {
    print(`\n${bold(`${index + 1}  ${title}`)}`);
    const event = watch.next();
    const result = await send(system);
    if (!result.accepted) throw new Error(`the gateway refused an event: ${result.text}`);
    print(`    accepted   ${result.text} ${dim(`(${Math.round(result.tookMs)} ms)`)}`);
    print(`    queued     ${queue} ${dim('(confirmed by RabbitMQ before the response)')}`);
    await event;
  }
  print(dim('\nPagerDuty has written log entries, which are sent as webhooks'));
  const entries = (await system.simulator.logEntries()).map(({ id }) => id);
  await waitUntil(() => entries.every((id) => system.receiver.webhooks.some(({ logEntry }) => logEntry === id)), {
    what: 'the webhooks',
    timeoutMs: 60_000,
  });
}

function pdSend({ secureGatewayUrl, certificate }: System, ...args: string[]): Promise<SendResult> {
  return sendWithPdSend({ url: secureGatewayUrl, certificate }, ['-k', DEMO_KEY, ...args]);
}
