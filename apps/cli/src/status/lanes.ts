import { laneKey } from '@pdaltagent/messaging';
import { type LaneState } from '@pdaltagent/operations';
import { type LaneGroupReport } from './broker';
import { type CheckResult } from './check-result';

/** The state of lanes, workers and sidings. Messages held by workers (at most 64 per lane) are not counted. */
export function checkLanes({ name, state, workers }: LaneGroupReport): CheckResult[] {
  const service = name === 'events' ? 'delivery-worker' : 'webhook-sender';
  if (state === undefined) {
    if (name === 'events') {
      const detail = 'not declared: neither an ingest-gateway nor a delivery-worker has connected to this broker';
      return [{ subject: name, state: 'attention', detail, advice: 'start the ingest-gateway and a delivery-worker' }];
    }
    // Webhooks are optional: without a destination, log-poller and webhook-sender declare nothing.
    const detail =
      'not declared: no destination is configured, or neither log-poller nor webhook-sender has connected to this broker';
    return [{ subject: name, state: 'off', detail }];
  }
  const { lanes } = state;
  const waiting = lanes.reduce((sum, { queue }) => sum + queue.waiting, 0);
  const results = [laneWorkersResult(name, service, lanes, workers.count, waiting)];
  results.push({ subject: `${name} waiting`, state: waiting === 0 ? 'fine' : 'note', detail: waitingText(lanes) });
  if (workers.parked.size > 0) results.push(parkedKeysResult(name, service, lanes, workers.parked));
  return results;
}

function laneWorkersResult(
  name: string,
  service: string,
  lanes: readonly LaneState[],
  workers: number,
  waiting: number,
): CheckResult {
  const subject = `${name} lanes`;
  const orphans = lanes.filter(({ queue }) => queue.consumers === 0);
  const heard = `${workers} ${service}${workers === 1 ? '' : 's'} heard`;
  if (orphans.length === 0) return { subject, state: 'fine', detail: `${heard}; every lane has a worker` };
  if (orphans.length < lanes.length) {
    const detail = `${heard}; ${orphans.length} of ${lanes.length} lanes have no worker: ${lanesText(orphans)}`;
    const advice = 'they should be assigned within 10 s; if not, check the workers’ logs';
    return { subject, state: 'attention', detail, advice };
  }
  if (name === 'webhooks' && workers === 0 && waiting === 0) {
    return { subject, state: 'off', detail: 'no webhook-sender, and nothing is waiting' };
  }
  return {
    subject,
    state: 'attention',
    detail: `${heard}; no lane has a worker`,
    advice: `start a ${service}; it is safe to start several`,
  };
}

function waitingText(lanes: readonly LaneState[]): string {
  const full = lanes.filter(({ queue }) => queue.waiting > 0).sort((a, b) => b.queue.waiting - a.queue.waiting);
  if (full.length === 0) return 'none in the lanes, not counting up to 64 per lane held by its worker';
  const total = full.reduce((sum, { queue }) => sum + queue.waiting, 0);
  const most = full.slice(0, 5).map(({ lane, queue }) => `${laneKey(lane)}: ${queue.waiting}`);
  return `${total} in ${full.length} of ${lanes.length} lanes (${most.join(', ')}${full.length > 5 ? ', …' : ''}), not counting up to 64 per lane held by its worker`;
}

function parkedKeysResult(
  name: string,
  service: string,
  states: readonly LaneState[],
  parked: ReadonlyMap<number, number>,
): CheckResult {
  const keys = [...parked.values()].reduce((sum, each) => sum + each, 0);
  const waiting = states.flatMap(({ sidings }) => sidings).reduce((sum, siding) => sum + siding.waiting, 0);
  const lanes = [...parked.keys()]
    .sort((left, right) => left - right)
    .map(laneKey)
    .join(', ');
  return {
    subject: `${name} parked`,
    state: 'note',
    detail: `${keys} key${keys === 1 ? ' is' : 's are'} parked on sidings of lanes ${lanes}, with ${waiting} waiting`,
    advice: `they are throttled, slow or failing and delay no other key; the log of the ${service} names them`,
  };
}

function lanesText(lanes: readonly LaneState[]): string {
  const names = lanes.slice(0, 8).map(({ lane }) => laneKey(lane));
  return `${names.join(', ')}${lanes.length > 8 ? ', …' : ''}`;
}
