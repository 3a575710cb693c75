import { EVENTS } from '@pdaltagent/messaging';
import { type BrokerClient, laneGroupState, type ReplayItem, replayItemOf, Sender } from '@pdaltagent/operations';
import { replayItems } from '../dead-letters/replay-items';
import { type NamedQueue, withDeadLetterQueues } from '../dead-letters/queues';
import { recordActions } from '../journal/record-actions';
import { Progress } from '../progress';
import { reportError } from '../run';
import { CliError, type Terminal } from '../terminal';
import { parse } from './parse';

/** Runs `pd-queue` with PagerDuty Agent's arguments, output and exit codes (0 success, 1 failure, 2 invalid command line). */
export async function runQueue(words: readonly string[], terminal: Terminal): Promise<number> {
  try {
    const request = parse(words);
    switch (request.kind) {
      case 'help':
        terminal.out(`${USAGE}${HELP}`);
        return 0;
      case 'version':
        terminal.out(`pd-queue ${process.env.PDALTAGENT_VERSION ?? 'development'}\n`);
        return 0;
      case 'status':
        return await withDeadLetterQueues(terminal, { events: true }, ([events], openClient) =>
          status(terminal, events, openClient, request.key),
        );
      case 'retry':
        return await withDeadLetterQueues(terminal, { events: true }, ([events], openClient) =>
          retry(terminal, events, openClient, request.key),
        );
    }
  } catch (error) {
    if (error instanceof CliError && error.exitCode === 2) terminal.error(USAGE);
    return reportError(
      error,
      terminal,
      error instanceof CliError && error.exitCode === 2 ? 'pd-queue: error' : 'pd-queue',
    );
  }
}

type OpenLink = () => Promise<BrokerClient>;

/** Prints the agent's table of four columns; pending and sent events are not counted per key. */
async function status(
  { out, error }: Terminal,
  events: NamedQueue | undefined,
  openClient: OpenLink,
  key: string | undefined,
): Promise<number> {
  const inError = new Map<string, number>();
  await events?.queue.visitAll(({ deadLetter: { message } }) => {
    if (message === undefined || (key !== undefined && message.routingKey !== key)) return;
    inError.set(message.routingKey, (inError.get(message.routingKey) ?? 0) + 1);
  });
  if (inError.size === 0) out('Nothing to report.\n');
  else {
    out(`${row('Service Key', 'Pending', 'Success', 'In Error')}\n${'='.repeat(65)}\n`);
    const rows = [...inError].sort(([a], [b]) => (a < b ? -1 : 1));
    for (const [serviceKey, count] of rows) out(`${row(serviceKey, '-', '-', String(count))}\n`);
  }
  const state = await laneGroupState(await openClient(), EVENTS);
  const waiting = state?.lanes
    .flatMap(({ queue, sidings }) => [queue, ...sidings])
    .reduce((sum, q) => sum + q.waiting, 0);
  if (waiting) error(`${waiting} event(s) of all keys are waiting to be sent; see \`pdaltagent status\`.\n`);
  return 0;
}

/** The agent's `%-35s%10s%10s%10s`. */
function row(key: string, ...cells: readonly string[]): string {
  return key.padEnd(35) + cells.map((cell) => cell.padStart(10)).join('');
}

/** Replays dead letters, including old ones, as the agent does. */
async function retry(
  terminal: Terminal,
  events: NamedQueue | undefined,
  openClient: OpenLink,
  key: string | undefined,
): Promise<number> {
  const items: ReplayItem[] = [];
  await events?.queue.visitAll(({ deadLetter: letter }) => {
    const { message } = letter;
    if (message !== undefined && (key === undefined || message.routingKey === key)) items.push(replayItemOf(letter));
  });
  if (events === undefined || items.length === 0) {
    terminal.out(retried(0));
    return 0;
  }
  const progress = new Progress(terminal, 'set up', items.length);
  const { queue, laneGroup } = events;
  const sender = await Sender.open(await openClient());
  const ids: string[] = [];
  const onProgress = (count: number, id: string): void => {
    ids.push(id);
    progress.at(count);
  };
  const outcome = replayItems({ queue, sender, laneGroup, items, onProgress });
  const { sent, left, unchecked, failure } = await outcome.finally(() => progress.end());
  terminal.out(retried(sent));
  await recordActions(terminal, (by) => ids.map((id) => ({ kind: 'replayed', group: 'events', id, by })));
  if (left.length > 0)
    terminal.error(`${left.length} of them are still in error: another retry would send them twice\n`);
  if (unchecked !== undefined)
    terminal.error(`some of them may still be in error, another retry would send them twice: ${unchecked}\n`);
  if (failure !== undefined) throw new CliError(`stopped, the other events are still in error: ${failure}`);
  return left.length > 0 || unchecked !== undefined ? 1 : 0;
}

/** The agent's message. */
const retried = (count: number) => `${count} event(s) set up for retry.\n`;

const USAGE = 'usage: pd-queue [-h] {status,retry} ...\n';
const HELP = `
Lists and retries events that could not be delivered, with the arguments of PagerDuty Agent's pd-queue.

commands:
  status [-k KEY]         events in error per service key
  retry (-k KEY | -a)     send events in error again, of one key or of all

options:
  -h, --help              show this help and exit
  -V, --version           show the version and exit
  -k, --service-key KEY   the service key (routing key)
  -a, --all-keys          all service keys

As with PagerDuty Agent, triggers are retried regardless of their age; \`pdaltagent dead-letters replay\` lists them
first and skips stale and superseded ones. PDAGENTD_AMQP_URL is the address of RabbitMQ.

exit codes: 0 success, 1 failure, 2 invalid command line
`;
