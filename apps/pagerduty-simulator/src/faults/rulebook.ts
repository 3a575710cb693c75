import { matches, type ResponseFault, type Rule, type RuleInput } from './rule';
import { seededRandom } from './seeded-random';

/** The combined effect of all rules on one request. */
export interface Decision {
  readonly delayMs: number;
  /** Resolves once no rule holds the response any more; undefined if none does. */
  readonly held: Promise<unknown> | undefined;
  readonly fault: ResponseFault | undefined;
  /** The rule of the fault, or of the delay if there is no fault. */
  readonly ruleId: string | undefined;
}

export interface ActiveRule {
  readonly id: string;
  readonly rule: Rule;
  readonly seen: number;
  readonly hits: number;
}

interface TrackedRule {
  readonly id: string;
  readonly rule: Rule;
  readonly until: number;
  readonly random: () => number;
  /** Resolves when the rule is removed. */
  readonly removed: Promise<void>;
  readonly remove: () => void;
  seen: number;
  hits: number;
}

const NOTHING: Decision = { delayMs: 0, held: undefined, fault: undefined, ruleId: undefined };

/** The active rules, oldest first. Delays add up; of the other effects, the oldest matching rule applies. */
export class Rulebook {
  #entries: TrackedRule[] = [];
  #made = 0;

  /** Adds a rule, or replaces the one with the same id. */
  add(rule: Rule, now: number): ActiveRule {
    const id = rule.id ?? `fault-${++this.#made}`;
    const until = rule.forMs === undefined ? Infinity : now + rule.forMs;
    const entry: TrackedRule = { id, rule, until, random: seededRandom(rule.seed), ...removal(), seen: 0, hits: 0 };
    this.remove(id);
    this.#entries.push(entry);
    return ruleRecord(entry);
  }

  decide(input: RuleInput, now: number): Decision {
    if (this.#entries.length === 0) return NOTHING;
    let delayMs = 0;
    const holds: Promise<void>[] = [];
    let fault: ResponseFault | undefined;
    let ruleId: string | undefined;
    for (const entry of this.#entries) {
      const { effect } = entry.rule;
      if (effect.kind !== 'latency' && effect.kind !== 'hold' && fault) continue;
      if (!hits(entry, input, now)) continue;
      if (effect.kind === 'latency') {
        delayMs += effect.ms + effect.jitterMs * entry.random();
        ruleId ??= entry.id;
      } else if (effect.kind === 'hold') {
        holds.push(entry.removed);
        ruleId ??= entry.id;
      } else {
        fault = effect;
        ruleId = entry.id;
      }
    }
    return { delayMs, held: holds.length === 0 ? undefined : Promise.all(holds), fault, ruleId };
  }

  list(): ActiveRule[] {
    return this.#entries.map(ruleRecord);
  }

  remove(id: string): boolean {
    const entry = this.#entries.find((other) => other.id === id);
    entry?.remove();
    this.#entries = this.#entries.filter((other) => other !== entry);
    return entry !== undefined;
  }

  clear(): void {
    for (const entry of this.#entries) entry.remove();
    this.#entries = [];
  }
}

function removal(): Pick<TrackedRule, 'removed' | 'remove'> {
  let remove = (): void => undefined;
  const removed = new Promise<void>((resolve) => (remove = resolve));
  return { removed, remove };
}

function hits(entry: TrackedRule, input: RuleInput, now: number): boolean {
  const { rule } = entry;
  if (now >= entry.until || !matches(rule.match, input)) return false;
  if (rule.times !== undefined && entry.hits >= rule.times) return false;
  entry.seen += 1;
  if (entry.seen <= rule.skip) return false;
  if (rule.probability < 1 && entry.random() >= rule.probability) return false;
  entry.hits += 1;
  return true;
}

function ruleRecord({ id, rule, seen, hits: count }: TrackedRule): ActiveRule {
  return { id, rule, seen, hits: count };
}
