/** Longer texts seldom come again. */
const MAX_LENGTH = 200;
/** Characters kept in all; as many again of those used before. */
const CAPACITY = 256 * 1024;

/**
 * Short texts in which nothing was found, by the object key they stood under. The labels of monitoring, as host names, jobs and
 * mount points, come again with every event.
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
    // A copy: a slice would keep the whole event it was cut from.
    const copy = Buffer.from(text).toString();
    if (texts === undefined) this.#recent.set(key, new Set([copy]));
    else texts.add(copy);
  }
}
