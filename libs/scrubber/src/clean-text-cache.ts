/** Longer texts are rarely repeated. */
const MAX_LENGTH = 200;
/** Capacity of each of the two generations, in characters. */
const CAPACITY = 256 * 1024;

/**
 * Short texts in which nothing was found, by object key. Monitoring labels such as host names, jobs and mount points are
 * repeated with every event.
 */
export class CleanTextCache {
  #recent = new Map<string, Set<string>>();
  #previous: ReadonlyMap<string, ReadonlySet<string>> = new Map();
  #size = 0;

  has(text: string, key: string): boolean {
    if (text.length > MAX_LENGTH) return false;
    if (this.#recent.get(key)?.has(text) === true) return true;
    if (this.#previous.get(key)?.has(text) !== true) return false;
    this.add(text, key);
    return true;
  }

  add(text: string, key: string): void {
    if (text.length > MAX_LENGTH) return;
    this.#size += text.length + key.length;
    if (this.#size > CAPACITY) {
      this.#previous = this.#recent;
      this.#recent = new Map();
      this.#size = text.length + key.length;
    }
    const texts = this.#recent.get(key);
    // Copied, because a slice would keep its whole event in memory.
    const copy = Buffer.from(text).toString();
    if (texts === undefined) this.#recent.set(key, new Set([copy]));
    else texts.add(copy);
  }
}
