import { type Fault, FAULT_KINDS, FAULTS_UNTIL_MS } from './world/faults';

const MEMBERS = ['kind', 'at', 'ms', 'target', 'isAimed'];
const EXAMPLE = '[{"kind":"a key hangs","at":4000,"ms":9000,"target":0.5}]';

/** The faults of `--faults`, as `--seed` prints them. @throws Error that says what is wrong, and what is wanted */
export function faultsIn(text: string): readonly Fault[] {
  const faults = parsed(text);
  if (!Array.isArray(faults)) throw new Error(`--faults must be a JSON array such as '${EXAMPLE}', not ${text}`);
  return faults.map((fault: unknown, index) => faultIn(fault, `--faults: fault ${index + 1}`));
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`--faults must be a JSON array such as '${EXAMPLE}': ${reason}`, { cause: error });
  }
}

function faultIn(value: unknown, where: string): Fault {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Error(`${where} must be an object with ${MEMBERS.join(', ')}, not ${JSON.stringify(value)}`);
  const members = new Map<string, unknown>(Object.entries(value));
  const unrecognized = [...members.keys()].find((name) => !MEMBERS.includes(name));
  if (unrecognized !== undefined)
    throw new Error(`${where} has an unknown member "${unrecognized}": its members are ${MEMBERS.join(', ')}`);
  const must = (name: string, be: string): string =>
    `${where}: "${name}" must be ${be}, ${members.has(name) ? `not ${JSON.stringify(members.get(name))}` : 'but is missing'}`;
  const numberOf = (name: string, wanted: string, isValid: (number: number) => boolean): number => {
    const number = members.get(name);
    if (typeof number !== 'number' || !isValid(number)) throw new Error(must(name, wanted));
    return number;
  };
  const kind = FAULT_KINDS.find((known) => known === members.get('kind'));
  if (kind === undefined) throw new Error(`${must('kind', 'one of the kinds below')}:\n  ${FAULT_KINDS.join('\n  ')}`);
  const at = numberOf('at', `when it begins, from 0 to ${FAULTS_UNTIL_MS} ms`, isUpTo(FAULTS_UNTIL_MS));
  const longest = FAULTS_UNTIL_MS - at;
  const lasts = `how long it lasts, from 0 to ${longest} ms (faults end by ${FAULTS_UNTIL_MS} ms)`;
  const ms = numberOf('ms', lasts, isUpTo(longest));
  const target = numberOf('target', 'a fraction from 0 to below 1', (fraction) => fraction >= 0 && fraction < 1);
  const isAimed = members.get('isAimed');
  if (isAimed !== undefined && typeof isAimed !== 'boolean') throw new Error(must('isAimed', 'true or false'));
  return { kind, at, ms, target, ...(isAimed !== undefined && { isAimed }) };
}

function isUpTo(most: number): (number: number) => boolean {
  return (number) => number >= 0 && number <= most;
}
