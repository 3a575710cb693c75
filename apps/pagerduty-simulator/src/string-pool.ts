const MAXIMUM = 10_000;

/** Gives equal texts as one text, so that a million records share the few they have in common. */
export class StringPool {
  readonly #strings = new Map<string, string>();

  intern(text: string): string {
    const known = this.#strings.get(text);
    if (known !== undefined) return known;
    if (this.#strings.size < MAXIMUM) this.#strings.set(text, text);
    return text;
  }
}
