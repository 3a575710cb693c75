import {
  alertOf,
  type BrokerClient,
  findMessages,
  type LaneGroup,
  laneOfMessage,
  laneQueue,
} from '@pdaltagent/messaging';
import { type Held, type Plan } from './plan';

/** Of more alerts than this workers are not asked. */
const MOST_ALERTS = 20;

/** Asks the workers what they hold of the alerts whose letters shall be sent; of many alerts nothing is asked. */
export async function askWorkers(link: BrokerClient, family: LaneGroup, plan: Plan): Promise<readonly Held[]> {
  const alerts = new Map(plan.sent.map((letter) => [letter.orderKey, letter]));
  if (alerts.size > MOST_ALERTS) return [];
  const found = await Promise.all([...alerts.values()].map((letter) => heldOf(link, family, letter)));
  return found.flat();
}

async function heldOf(
  link: BrokerClient,
  family: LaneGroup,
  alert: { readonly routingKey: string; readonly orderKey: string },
): Promise<readonly Held[]> {
  const name = alertOf(alert);
  if (name === undefined) return [];
  const lane = laneOfMessage(family, alert);
  // Where nobody works the lane nobody holds anything of it.
  if ((await link.stateOf(laneQueue(family, lane)))?.consumers === 0) return [];
  const findings = await findMessages(link, name, (all) => all.get(family.exchange)?.lanes.has(lane) === true);
  return (findings.get(family.exchange)?.held ?? []).filter(({ orderKey }) => orderKey === alert.orderKey);
}
