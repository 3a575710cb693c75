/** Sets something to a value; undefined is its normal state. */
type Apply<Value> = (value: Value | undefined) => void;

/**
 * What several faults change at the same time: it is as the one that began last says, and normal only once all have
 * ended.
 */
export class Overlaps {
  readonly #active = new Map<string, (() => void)[]>();

  /** A fault begins; the result ends it. @param thing what it changes, the same name for all that change it */
  begin<Value>(thing: string, value: Value, apply: Apply<Value>): () => void {
    const active = this.#active.get(thing) ?? [];
    this.#active.set(thing, active);
    const begin = (): void => apply(value);
    active.push(begin);
    begin();
    return () => {
      const wasLast = active.at(-1) === begin;
      active.splice(active.indexOf(begin), 1);
      const last = active.at(-1);
      if (last === undefined) apply(undefined);
      else if (wasLast) last();
    };
  }
}
