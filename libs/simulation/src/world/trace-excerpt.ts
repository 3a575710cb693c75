import { type Evidence } from './evidence';
import { type Problem } from './oracle';

/** What happened to the world. */
const WORLD =
  /^FAULT|is killed$|exits|is paused$|continues$|^the connections of .* break|fails over|power fails|wall clock|^node/;
const LOGGED = /^(\S+?)\.\d+ logs (info|warn|error): /;
/** Who may consume a queue, and its leader. */
const QUEUE = /^(\S+)(: .* is the single active consumer| is led by node)/;
/** Where a message is published to. */
const PUBLISHED = /basic\.publish to \S+ (\d+)/;
const MESSAGE = /\b(alert-[\d.]+)\/(\d+)\//;
/** Said again by the next line. */
const REPEATED = /^PagerDuty('s response for| receives) /;
/** What is shown of other messages of the alert. */
const PROGRESS =
  /^the sender gets |basic\.publish|basic\.deliver| posts .* to PagerDuty| gets .* for |^PagerDuty processes/;
/** What is shown before the problem's messages, and after the violation; s. */
const BEFORE_S = 2;
const AFTER_S = 1;
/** The most lines, without those of the problem's own messages. */
const MOST_OTHERS = 120;

interface Line {
  /** s */
  readonly at: number;
  readonly text: string;
}

/**
 * The part of a trace that shows a problem: all that happened to its messages, the faults, the next
 * messages of the alert, and what the services concerned logged meanwhile.
 */
export function traceExcerptOf(trace: readonly string[], problem: Problem | undefined): readonly string[] {
  const lines = trace.map(parsed);
  if (problem === undefined) return lines.filter(({ text }) => WORLD.test(text) || LOGGED.test(text)).map(formatted);
  const isOfMessage = mentioning(problem.messages ?? []);
  const own = lines.filter(({ text }) => isOfMessage(text) && !REPEATED.test(text));
  const shown = new Set([...own, ...withoutMiddle(lines.filter(relatedTo(problem, own)))]);
  const evidence = new Set((problem.evidence ?? []).map(markOf));
  return lines
    .filter((line) => shown.has(line))
    .map((line) => `${evidence.has(markOf({ at: line.at * 1_000, text: line.text })) ? '>' : ' '}${formatted(line)}`);
}

function parsed(line: string): Line {
  const space = line.indexOf(' ');
  return { at: Number(line.slice(0, space)), text: line.slice(space + 1) };
}

function formatted({ at, text }: Line): string {
  return `${at.toFixed(4).padStart(9)} ${text}`;
}

function markOf({ at, text }: Evidence): string {
  return `${(at / 1_000).toFixed(4)} ${text}`;
}

function mentioning(ids: readonly string[]): (text: string) => boolean {
  const patterns = ids.map((id) => new RegExp(`\\b${id.replace('.', '\\.')}(?!\\d)`));
  return (text) => patterns.some((pattern) => pattern.test(text));
}

/** @param own what happened to the messages of the problem */
function relatedTo({ messages = [], evidence = [] }: Problem, own: readonly Line[]): (line: Line) => boolean {
  const from = (own[0]?.at ?? 0) - BEFORE_S;
  const to =
    evidence.length === 0 ? Number.POSITIVE_INFINITY : Math.max(...evidence.map(({ at }) => at)) / 1_000 + AFTER_S;
  const lanes = new Set(own.flatMap(({ text }) => PUBLISHED.exec(text)?.[1] ?? []));
  const isNeighbour = neighboursOf(messages);
  return ({ at, text }) => {
    if (at > to) return false;
    if (WORLD.test(text)) return true;
    const [, queue] = QUEUE.exec(text) ?? [];
    if (queue !== undefined) return [...lanes].some((lane) => queue.includes(`.lane.${lane}`));
    if (at < from) return false;
    if (MESSAGE.test(text)) return PROGRESS.test(text) && isNeighbour(text);
    const [, service] = LOGGED.exec(text) ?? [];
    return service !== undefined && (own.length === 0 || own.some((line) => line.text.includes(service)));
  };
}

/** Whether a line is about an event between those of the messages, or the one before or after them. */
function neighboursOf(messages: readonly string[]): (text: string) => boolean {
  const placed = messages.flatMap((id) => placeOf(id) ?? []);
  const [first] = placed;
  if (first === undefined) return () => false;
  const indices = placed.map(({ index }) => index);
  const [least, most] = [Math.min(...indices) - 1, Math.max(...indices) + 1];
  return (text) => {
    const place = placeOf(text);
    return place !== undefined && place.alert === first.alert && place.index >= least && place.index <= most;
  };
}

function placeOf(text: string): { readonly alert: string; readonly index: number } | undefined {
  const [, alert, index] = MESSAGE.exec(text) ?? [];
  return alert === undefined ? undefined : { alert, index: Number(index) };
}

/** The last ones matter most: they precede the violation. */
function withoutMiddle(lines: readonly Line[]): readonly Line[] {
  const few = Math.floor(MOST_OTHERS / 4);
  return lines.length <= MOST_OTHERS ? lines : [...lines.slice(0, few), ...lines.slice(few - MOST_OTHERS)];
}
