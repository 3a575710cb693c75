import { durationOf } from '../duration';
import { type CheckResult } from './check-result';
import { type Fetch } from './web';

/** A metric that only a delivery-worker exposes. */
const WORKER = /^pdaltagent_lanes /m;

/** What only a worker knows: the broker does not show the events that it holds unacknowledged. */
export async function checkWorker(fetch: Fetch, url: string, token?: string): Promise<CheckResult> {
  const subject = 'worker';
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const attempt = await fetch(`${url.replace(/\/+$/, '')}/metrics`, headers);
  if (attempt.kind === 'fault' || attempt.status !== 200 || !WORKER.test(attempt.body)) {
    const why =
      attempt.kind === 'fault'
        ? attempt.fault
        : `it answers ${attempt.status}${attempt.status === 200 ? ', but is not a delivery-worker' : ''}`;
    return {
      subject,
      state: 'attention',
      detail: `${url} cannot be queried: ${why}`,
      advice:
        attempt.kind === 'response' && attempt.status === 401
          ? 'set PDAGENTD_METRICS_TOKEN to the token of this worker'
          : 'pass the URL of its admin port (PDAGENTD_ADMIN_PORT; delivery-worker: 8091); it is open where PDAGENTD_ADMIN_HOST says',
    };
  }
  const metric = (name: string) => valueOf(attempt.body, name);
  const circuits = metric('pdaltagent_circuit_open');
  const throttled = metric('pdaltagent_throttled_keys');
  const held = metric('pdaltagent_held');
  const oldest = metric('pdaltagent_oldest_held_seconds');
  const detail = [
    `${url} has ${metric('pdaltagent_lanes')} lanes`,
    held === 0 ? 'holds nothing' : `holds ${held}, the oldest for ${durationOf(oldest * 1000)}`,
    `${throttled} throttled key${throttled === 1 ? '' : 's'}`,
    ...(circuits > 0 ? ['its circuit is open: the destination counts as unreachable'] : []),
  ].join('; ');
  if (circuits > 0) {
    return {
      subject,
      state: 'attention',
      detail,
      advice: 'nothing is lost: it probes once a second; see "pagerduty" above',
    };
  }
  return throttled > 0
    ? {
        subject,
        state: 'note',
        detail,
        advice: 'PagerDuty throttles these keys; request a higher limit, or send fewer events',
      }
    : { subject, state: 'fine', detail };
}

/** The value of a metric without labels in the Prometheus text format; 0 if it is missing. */
function valueOf(text: string, name: string): number {
  const line = text.split('\n').find((candidate) => candidate.startsWith(`${name} `));
  return line === undefined ? 0 : Number(line.slice(name.length + 1));
}
