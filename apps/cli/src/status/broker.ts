import { EVENTS, type LaneGroup, PublishError, STATUS_EXCHANGE, WEBHOOKS } from '@pdaltagent/messaging';
import {
  BrokerClient,
  BrokerUnavailable,
  DeadLetterQueue,
  type LaneGroupState,
  laneGroupState,
  listWorkers,
  Sender,
  type WorkersHeard,
} from '@pdaltagent/operations';
import { type ServerAddress } from '@pdaltagent/service';
import { durationOf } from '../duration';
import { type CheckResult } from './check-result';
import { checkLanes } from './lanes';
import { checkMajority } from './majority';

export interface LaneGroupReport {
  readonly name: 'events' | 'webhooks';
  readonly laneGroup: LaneGroup;
  readonly state: LaneGroupState | undefined;
  /** Those that announced themselves. */
  readonly workers: WorkersHeard;
}

const PUBLISH_TIMEOUT_MS = 3_000;
/** Reading more dead letters than this takes too long for a status check. */
const MAX_EXAMINED = 20_000;

/** Everything that the broker shows: whether it is reachable, its lanes, their workers, parked keys, dead letters. */
export async function checkBroker(address: ServerAddress, now: number): Promise<CheckResult[]> {
  let client: BrokerClient;
  try {
    client = await BrokerClient.open({ ...address, name: 'pdaltagent status', timeoutMs: 4_000 });
  } catch (error) {
    return [
      {
        subject: 'broker',
        state: 'attention',
        detail: error instanceof Error ? error.message : String(error),
        advice: 'start RabbitMQ, or correct PDAGENTD_AMQP_URL; until then the gateways store events in their spools',
      },
    ];
  }
  try {
    const [publishing, majority, reports] = await Promise.all([
      checkPublishing(address, client.version),
      checkMajority(client),
      laneGroupReports(client),
    ]);
    const letters = await Promise.all(reports.map((report) => checkDeadLetters(client, report, now)));
    const broker = publishing.state === 'fine' ? (majority ?? publishing) : publishing;
    return [broker, ...reports.flatMap(checkLanes), ...letters];
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    return [{ subject: 'broker', state: 'attention', detail, advice: 'check RabbitMQ’s log and alarms' }];
  } finally {
    await client.close();
  }
}

/**
 * Whether the broker accepts messages, which it does not during a memory or disk alarm. On a connection of its own: one
 * that publishes during an alarm is blocked, so that nothing more is answered on it.
 */
async function checkPublishing(address: ServerAddress, version: string): Promise<CheckResult> {
  const subject = 'broker';
  let client: BrokerClient;
  try {
    client = await BrokerClient.open({ ...address, name: 'pdaltagent status', timeoutMs: PUBLISH_TIMEOUT_MS });
  } catch (error) {
    if (!(error instanceof BrokerUnavailable)) throw error;
    return {
      subject,
      state: 'attention',
      detail: `RabbitMQ ${version} responds, but a second connection failed: ${error.detail}`,
      advice:
        'whether it accepts messages is not known: run it again; if it fails again, compare the number of connections with the limits (rabbitmqctl list_connections, list_vhost_limits, list_user_limits)',
    };
  }
  try {
    await client.withTimeout(publishNowhere(await Sender.open(client)));
    // RabbitMQ still confirms the message that makes it block the connection.
    await client.channel();
    return { subject, state: 'fine', detail: `RabbitMQ ${version}` };
  } catch (error) {
    if (!(error instanceof BrokerUnavailable) && !(error instanceof PublishError)) throw error;
    return {
      subject,
      state: 'attention',
      detail: `RabbitMQ ${version} responds, but accepts no messages`,
      advice:
        'look for a memory or disk alarm (rabbitmq-diagnostics alarms); until it ends, gateways store events in their spools',
    };
  } finally {
    await client.close();
  }
}

const REPLIES: ReadonlySet<string> = new Set(['returned', 'refused', 'forbidden']);

/** A message that workers ignore. Refused if this user may not publish it, or before any service was started. */
async function publishNowhere(sender: Sender): Promise<void> {
  try {
    await sender.send(STATUS_EXCHANGE, '', Buffer.alloc(0), { messageId: 'status' });
  } catch (error) {
    if (!(error instanceof PublishError) || !REPLIES.has(error.code)) throw error;
  }
}

async function laneGroupReports(client: BrokerClient): Promise<LaneGroupReport[]> {
  const named = [
    { name: 'events', laneGroup: EVENTS },
    { name: 'webhooks', laneGroup: WEBHOOKS },
  ] as const;
  const states = await Promise.all(named.map(({ laneGroup }) => laneGroupState(client, laneGroup)));
  // If nothing was ever declared, there is no exchange to bind to.
  const workers = states.every((state) => state === undefined)
    ? new Map<string, WorkersHeard>()
    : await listWorkers(client);
  return named.map(({ name, laneGroup }, index) => ({
    name,
    laneGroup,
    state: states[index],
    workers: workers.get(laneGroup.exchange) ?? { count: 0, parked: new Map() },
  }));
}

async function checkDeadLetters(
  client: BrokerClient,
  { name, laneGroup, state }: LaneGroupReport,
  now: number,
): Promise<CheckResult> {
  const subject = `dead ${name}`;
  const count = state?.deadLetters.waiting ?? 0;
  if (count === 0 && (state?.deadLetters.consumers ?? 0) === 0) return { subject, state: 'fine', detail: 'none' };
  const advice = 'list them with pdaltagent dead-letters list; then replay or discard them';
  if (count > MAX_EXAMINED) return { subject, state: 'attention', detail: `${count}`, advice };
  try {
    const queue = await DeadLetterQueue.open(client, laneGroup);
    const byReason = new Map<string, number>();
    let oldest = now;
    await queue.visitAll(({ deadLetter: letter }) => {
      const reason = letter.status === undefined ? letter.reason : `${letter.reason} with ${letter.status}`;
      byReason.set(reason, (byReason.get(reason) ?? 0) + 1);
      oldest = Math.min(oldest, letter.acceptedAt ?? now);
    });
    const total = [...byReason.values()].reduce((sum, each) => sum + each, 0);
    const reasons = [...byReason].map(([reason, each]) => `${each} ${reason}`).join(', ');
    const detail = `${total} (${reasons}), oldest accepted ${durationOf(now - oldest)} ago`;
    return { subject, state: 'attention', detail, advice };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { subject, state: 'attention', detail: `${count} or more: ${why}`, advice };
  }
}
