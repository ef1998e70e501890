const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const OPENING = [0x5b, 0x7b];
const CLOSING = [0x5d, 0x7d];
const SPACE = [0x20, 0x09, 0x0a, 0x0d];

/**
 * Splits the text of a JSON list into its entries, as the bytes come. An entry is not checked. The
 * bytes must not change later.
 */
export class JsonList {
  /** `null` after the end of the list. */
  #depth: number | null = 0;
  #isInString = false;
  #isEscaped = false;
  #entry: Uint8Array[] = [];
  #isList = true;

  /** `false`: the bytes so far are no list, or more than one value. */
  get isList(): boolean {
    return this.#isList;
  }

  /** Whether the list has ended. */
  get hasEnded(): boolean {
    return this.#isList && this.#depth === null;
  }

  /** Takes more bytes. @returns the texts of the entries that end in them */
  push(bytes: Uint8Array): string[] {
    const entries: string[] = [];
    let start = 0;
    for (let at = 0; at < bytes.length && this.#isList; at++) {
      const byte = bytes[at] ?? 0;
      if (this.#isInString) this.#inString(byte);
      else if (this.#depth === null || this.#depth === 0) {
        start = at + 1;
        this.#outside(byte);
      } else if (byte === QUOTE) this.#isInString = true;
      else if (OPENING.includes(byte)) this.#depth++;
      else if (this.#depth === 1 && (byte === COMMA || CLOSING.includes(byte))) {
        entries.push(...this.#end(bytes.subarray(start, at)));
        start = at + 1;
        if (byte !== COMMA) this.#depth = null;
      } else if (CLOSING.includes(byte)) this.#depth--;
    }
    if (this.#depth !== null && this.#depth > 0) this.#entry.push(bytes.subarray(start));
    return entries;
  }

  #inString(byte: number): void {
    if (this.#isEscaped) this.#isEscaped = false;
    else if (byte === BACKSLASH) this.#isEscaped = true;
    else if (byte === QUOTE) this.#isInString = false;
  }

  #outside(byte: number): void {
    if (SPACE.includes(byte)) return;
    if (this.#depth === 0 && byte === OPENING[0]) this.#depth = 1;
    else this.#isList = false;
  }

  #end(rest: Uint8Array): string[] {
    const text = Buffer.concat([...this.#entry, rest])
      .toString("utf8")
      .trim();
    this.#entry = [];
    return text === "" ? [] : [text];
  }
}
