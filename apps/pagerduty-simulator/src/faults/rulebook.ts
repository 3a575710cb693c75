import { dice } from './dice';
import { type Deed, matches, type Rule, type Subject } from './rule';

/** What the faults decided for one request. */
export interface Decision {
  readonly delayMs: number;
  readonly deed: Deed | undefined;
  /** The rule of the deed, or of the delay where there is no deed. */
  readonly ruleId: string | undefined;
}

export interface StandingRule {
  readonly id: string;
  readonly rule: Rule;
  readonly seen: number;
  readonly hits: number;
}

interface Entry {
  readonly id: string;
  readonly rule: Rule;
  readonly until: number;
  readonly roll: () => number;
  seen: number;
  hits: number;
}

const NOTHING: Decision = { delayMs: 0, deed: undefined, ruleId: undefined };

/** The faults that stand, oldest first. Delays add up; of the other effects the oldest that hits decides. */
export class Rulebook {
  #entries: Entry[] = [];
  #made = 0;

  /** Adds a rule, or replaces the one with the same id. */
  add(rule: Rule, now: number): StandingRule {
    const id = rule.id ?? `fault-${++this.#made}`;
    const until = rule.forMs === undefined ? Infinity : now + rule.forMs;
    const entry: Entry = { id, rule, until, roll: dice(rule.seed), seen: 0, hits: 0 };
    this.#entries = [...this.#entries.filter((other) => other.id !== id), entry];
    return shown(entry);
  }

  decide(subject: Subject, now: number): Decision {
    if (this.#entries.length === 0) return NOTHING;
    let delayMs = 0;
    let deed: Deed | undefined;
    let ruleId: string | undefined;
    for (const entry of this.#entries) {
      const { effect } = entry.rule;
      if (effect.kind !== 'latency' && deed) continue;
      if (!hits(entry, subject, now)) continue;
      if (effect.kind === 'latency') {
        delayMs += effect.ms + effect.jitterMs * entry.roll();
        ruleId ??= entry.id;
      } else {
        deed = effect;
        ruleId = entry.id;
      }
    }
    return { delayMs, deed, ruleId };
  }

  list(): StandingRule[] {
    return this.#entries.map(shown);
  }

  remove(id: string): boolean {
    const before = this.#entries.length;
    this.#entries = this.#entries.filter((entry) => entry.id !== id);
    return this.#entries.length < before;
  }

  clear(): void {
    this.#entries = [];
  }
}

function hits(entry: Entry, subject: Subject, now: number): boolean {
  const { rule } = entry;
  if (now >= entry.until || !matches(rule.match, subject)) return false;
  if (rule.times !== undefined && entry.hits >= rule.times) return false;
  entry.seen += 1;
  if (entry.seen <= rule.skip) return false;
  if (rule.probability < 1 && entry.roll() >= rule.probability) return false;
  entry.hits += 1;
  return true;
}

function shown({ id, rule, seen, hits: count }: Entry): StandingRule {
  return { id, rule, seen, hits: count };
}
