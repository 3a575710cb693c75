const MAXIMUM = 10_000;

/** Gives equal texts as one text, so that a million records share the few they have in common. */
export class Interned {
  readonly #texts = new Map<string, string>();

  of(text: string): string {
    const known = this.#texts.get(text);
    if (known !== undefined) return known;
    if (this.#texts.size < MAXIMUM) this.#texts.set(text, text);
    return text;
  }
}
