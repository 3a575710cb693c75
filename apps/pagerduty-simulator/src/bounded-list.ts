/** A list that forgets its oldest items, a tenth at a time, once it holds more than its maximum. */
export class BoundedList<Item> {
  readonly #maximum: number;
  #items: Item[] = [];
  #forgotten = 0;

  constructor(maximum: number) {
    this.#maximum = maximum;
  }

  push(item: Item): void {
    this.#items.push(item);
    if (this.#items.length > this.#maximum) this.#forget(Math.max(1, Math.floor(this.#maximum / 10)));
  }

  /** The item at a position counted from the first ever pushed. */
  at(position: number): Item | undefined {
    return this.#items[position - this.#forgotten];
  }

  set(position: number, item: Item): void {
    const index = position - this.#forgotten;
    if (index >= 0 && index < this.#items.length) this.#items[index] = item;
  }

  get items(): readonly Item[] {
    return this.#items;
  }

  get forgotten(): number {
    return this.#forgotten;
  }

  clear(): void {
    this.#items = [];
    this.#forgotten = 0;
  }

  #forget(count: number): void {
    this.#items.splice(0, count);
    this.#forgotten += count;
  }
}
