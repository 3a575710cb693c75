import { type Outcome } from '@pdaltagent/delivery';
import { type FactContent, Journal, type MessageReference } from '@pdaltagent/journal';
import { type Connect, type Log, type OutgoingMessage } from '@pdaltagent/messaging';
import { type Scheduler } from '../scheduler';
import { SeededRandom } from '../seeded-random';
import { type SimulatedProcess } from '../simulated-process';

/** What the stream keeps does not matter: nobody reads it. */
const LIMITS = { maximumAgeSeconds: 3_600, maximumBytes: 100_000_000 };

/** The journal of a simulated process. What it draws, and how its connection is named, changes nothing that others do. */
export function journalOf(process: SimulatedProcess, scheduler: Scheduler, connect: Connect, log: Log): Journal {
  return new Journal({
    url: 'amqp://simulated',
    connect,
    service: `journal of ${process.name}`,
    version: 'simulated',
    host: process.name,
    text: 'full',
    limits: LIMITS,
    log,
    clock: process.clock,
    random: new SeededRandom(scheduler.seed, `journal of ${process.name}`),
  });
}

export function acceptedFact(message: OutgoingMessage): FactContent {
  return { kind: 'accepted', ...referenceOf(message), bytes: message.body.length };
}

export function attemptedFact(message: OutgoingMessage, outcome: Outcome): FactContent {
  const common = { ...referenceOf(message), attempt: 1, ms: 0 };
  if (outcome.kind === 'delivered') return { kind: 'delivered', ...common, status: outcome.status };
  return { kind: 'attempted', ...common, outcome: outcome.kind };
}

function referenceOf({ id, type, routingKey, receivedAt }: OutgoingMessage): MessageReference {
  return { group: 'events', id, type, key: routingKey, accepted: receivedAt };
}
