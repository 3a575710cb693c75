import { type Fact, type FactSource, type UnknownFact } from './fact';

/** A fact, and where it stands among those of its process. */
export interface PlacedFact {
  readonly fact: Fact | UnknownFact;
  readonly source: FactSource;
  /** Of its batch, and of it in its batch. */
  readonly sequence: number;
  readonly index: number;
}

const ENDS_A_ROUND: ReadonlySet<string> = new Set(['delivered', 'repeated', 'dead-lettered', 'quarantined']);
const TAKES_AWAY: ReadonlySet<string> = new Set(['replayed', 'discarded', 'expired']);

/**
 * The facts of one message in the order in which they caused each other: within a process as it wrote them; between processes by what
 * must come first (accepted, then attempts, then their end; a dead letter, then its replay). Clocks decide only where either could be.
 */
export function inCausalOrder(facts: readonly PlacedFact[]): PlacedFact[] {
  const queues = queuesOf(facts);
  const ordered: PlacedFact[] = [];
  let isPutAway = false;
  while (ordered.length < facts.length) {
    const next = nextOf(queues, isPutAway);
    if (next === undefined) break;
    ordered.push(next);
    const { kind } = next.fact;
    if (kind === 'dead-lettered' || kind === 'quarantined') isPutAway = true;
    else if (TAKES_AWAY.has(kind)) isPutAway = false;
  }
  return ordered;
}

/** The facts of each process, in its order, the next one last. */
function queuesOf(facts: readonly PlacedFact[]): PlacedFact[][] {
  const queues = new Map<string, PlacedFact[]>();
  for (const placed of facts) {
    const { instance } = placed.source;
    const queue = queues.get(instance);
    if (queue === undefined) queues.set(instance, [placed]);
    else queue.push(placed);
  }
  for (const queue of queues.values()) queue.sort((a, b) => b.sequence - a.sequence || b.index - a.index);
  return [...queues.values()];
}

/** Takes the next fact from its queue: of those that nothing forbids, the earliest; if everything is forbidden, the earliest of all. */
function nextOf(queues: readonly PlacedFact[][], isPutAway: boolean): PlacedFact | undefined {
  const heads = queues.filter((queue) => queue.length > 0);
  const allowed = heads.filter((queue) => isAllowed(queue, heads, isPutAway));
  const [first] = (allowed.length > 0 ? allowed : heads).sort((a, b) => timeOf(a) - timeOf(b));
  return first?.pop();
}

function isAllowed(queue: readonly PlacedFact[], heads: readonly PlacedFact[][], isPutAway: boolean): boolean {
  const kind = queue.at(-1)?.fact.kind ?? 'unknown';
  const others = heads.filter((other) => other !== queue).flat();
  const isAhead = (wanted: (other: string) => boolean): boolean => others.some(({ fact }) => wanted(fact.kind));
  if (kind === 'accepted') return true;
  if (isAhead((other) => other === 'accepted')) return false;
  if (TAKES_AWAY.has(kind)) return isPutAway;
  const isTakenLater = isAhead((other) => TAKES_AWAY.has(other));
  if (isPutAway) return !isTakenLater;
  // An end waits for the attempts of other workers, unless these may belong to what a replay begins.
  return !ENDS_A_ROUND.has(kind) || isTakenLater || !isAhead((other) => other === 'attempted');
}

const timeOf = (queue: readonly PlacedFact[]): number => queue.at(-1)?.fact.at ?? 0;
