const MAXIMUM = 10_000;

/** Returns the same string instance for equal strings, so that a million records share them. */
export class StringPool {
  readonly #strings = new Map<string, string>();

  intern(text: string): string {
    const known = this.#strings.get(text);
    if (known !== undefined) return known;
    if (this.#strings.size < MAXIMUM) this.#strings.set(text, text);
    return text;
  }
}
