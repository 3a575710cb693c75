import { type FactGroup, MESSAGE_STATES, type MessageState } from '@pdaltagent/journal';
import { type HistoryDatabase } from './database';
import { groupNumber } from './interned';
import { type MessageFactKind } from './message-facts';

export const MINUTE = 60_000;

const COUNTED = { accepted: 0, delivered: 1, attempted: 2, 'dead-lettered': 3, quarantined: 3 } as const;
const isCounted = (kind: MessageFactKind): kind is keyof typeof COUNTED => Object.hasOwn(COUNTED, kind);

/** What a transaction adds to the counts per minute: of facts by their own time, of messages in each state by their acceptance. */
export class Tallies {
  readonly #facts = new Map<number, [number, number, number, number]>();
  readonly #messages = new Map<number, number>();

  addFact(kind: MessageFactKind, group: FactGroup, at: number): void {
    if (!isCounted(kind)) return;
    const slot = Math.floor(at / MINUTE) * 2 + groupNumber(group);
    let counts = this.#facts.get(slot);
    if (counts === undefined) this.#facts.set(slot, (counts = [0, 0, 0, 0]));
    counts[COUNTED[kind]] += 1;
  }

  addMessage(group: number, state: MessageState, accepted: number, change: 1 | -1): void {
    const slot = (Math.floor(accepted / MINUTE) * 2 + group) * MESSAGE_STATES.length + MESSAGE_STATES.indexOf(state);
    this.#messages.set(slot, (this.#messages.get(slot) ?? 0) + change);
  }

  save(database: HistoryDatabase): void {
    const addCounts = database.prepare(
      `INSERT INTO counts(minute, grp, accepted, delivered, failed, dead) VALUES(?, ?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET accepted = accepted + excluded.accepted, delivered = delivered + excluded.delivered,
         failed = failed + excluded.failed, dead = dead + excluded.dead`,
    );
    for (const [slot, counts] of this.#facts) addCounts.run(Math.floor(slot / 2), slot % 2, ...counts);
    const addMessages = database.prepare(
      `INSERT INTO accounts(minute, grp, state, messages) VALUES(?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET messages = messages + excluded.messages`,
    );
    for (const [slot, change] of this.#messages) {
      if (change === 0) continue;
      const minuteAndGroup = Math.floor(slot / MESSAGE_STATES.length);
      addMessages.run(Math.floor(minuteAndGroup / 2), minuteAndGroup % 2, slot % MESSAGE_STATES.length, change);
    }
  }
}
