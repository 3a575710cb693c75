import { alertOf, type LaneGroup, laneOfMessage, laneQueue } from '@pdaltagent/messaging';
import { type BrokerClient, findMessages } from '@pdaltagent/operations';
import { type HeldByWorker, type Plan } from './plan';

/** For more alerts than this, workers are not queried. */
const MAX_ALERTS = 20;

/** Queries the workers for events that they hold of the alerts to be replayed; returns none if there are too many alerts. */
export async function findHeldByWorkers(
  client: BrokerClient,
  laneGroup: LaneGroup,
  plan: Plan,
): Promise<readonly HeldByWorker[]> {
  const alerts = new Map(plan.sent.map((planned) => [planned.orderKey, planned]));
  if (alerts.size > MAX_ALERTS) return [];
  const found = await Promise.all([...alerts.values()].map((planned) => heldForAlert(client, laneGroup, planned)));
  return found.flat();
}

async function heldForAlert(
  client: BrokerClient,
  laneGroup: LaneGroup,
  alert: { readonly routingKey: string; readonly orderKey: string },
): Promise<readonly HeldByWorker[]> {
  const name = alertOf(alert);
  if (name === undefined) return [];
  const lane = laneOfMessage(laneGroup, alert);
  // A lane without a consumer has no worker that could hold anything.
  if ((await client.stateOf(laneQueue(laneGroup, lane)))?.consumers === 0) return [];
  const findings = await findMessages(client, name, (all) => all.get(laneGroup.exchange)?.lanes.has(lane) === true);
  return (findings.get(laneGroup.exchange)?.held ?? []).filter(({ orderKey }) => orderKey === alert.orderKey);
}
