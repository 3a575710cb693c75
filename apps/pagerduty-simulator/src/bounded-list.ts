/** A list with a maximum length: once it is exceeded, the oldest tenth is dropped. */
export class BoundedList<Item> {
  readonly #maximum: number;
  #items: Item[] = [];
  #dropped = 0;

  constructor(maximum: number) {
    this.#maximum = maximum;
  }

  push(item: Item): void {
    this.#items.push(item);
    if (this.#items.length > this.#maximum) this.#dropOldest(Math.max(1, Math.floor(this.#maximum / 10)));
  }

  /** The item at a position, counted from the first one ever added. */
  at(position: number): Item | undefined {
    return this.#items[position - this.#dropped];
  }

  set(position: number, item: Item): void {
    const index = position - this.#dropped;
    if (index >= 0 && index < this.#items.length) this.#items[index] = item;
  }

  get items(): readonly Item[] {
    return this.#items;
  }

  get dropped(): number {
    return this.#dropped;
  }

  clear(): void {
    this.#items = [];
    this.#dropped = 0;
  }

  #dropOldest(count: number): void {
    this.#items.splice(0, count);
    this.#dropped += count;
  }
}
