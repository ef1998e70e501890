/** How the text of a backup is wrong. `reset`: it was cut off. */
export type ShapeFault = "not_json" | "unexpected_answer" | "too_large" | "reset";

/** The keys of a backup are not what the specification says (CS §Server-side key backups). */
export class BackupShapeError extends Error {
  override readonly name = "BackupShapeError";
  readonly fault: ShapeFault;
  /** A short text without anything of the server. */
  readonly detail: string;

  constructor(fault: ShapeFault, detail: string) {
    super(`the keys of a backup: ${detail}`);
    this.fault = fault;
    this.detail = detail;
  }
}

/**
 * Called with each session of a backup.
 * @param json the value of the session; `null`: larger than any session
 */
export type OnEntry = (roomId: string, sessionId: string, json: string | null) => void;

/** A session has about 900 bytes. */
const MAX_ENTRY_BYTES = 262_144;
/** IDs have at most 255 bytes (CS §Common identifier format), six times as many as escapes. */
const MAX_NAME_BYTES = 1_530;
/** The level of the object whose members are sessions: rooms, a room, its sessions, sessions. */
const SESSIONS = 4;

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const BACKSLASH = 0x5c;
const OPENING_BRACKET = 0x5b;
const CLOSING_BRACKET = 0x5d;
const OPENING_BRACE = 0x7b;
const CLOSING_BRACE = 0x7d;
const N = 0x6e;

type State = "value" | "first_name" | "name" | "in_name" | "colon" | "in_value" | "next" | "end";

/**
 * Cuts the sessions out of `{"rooms":{ROOM:{"sessions":{SESSION:{…}}}}}`, however it is divided
 * into pieces. It never holds more than one session, whatever the server sends. Members that it
 * does not know are skipped, and may have any size.
 */
export class BackupScanner {
  readonly #onEntry: OnEntry;
  readonly #decoder = new TextDecoder();
  #state: State = "value";
  /** The number of objects around the present place. */
  #level = 0;
  /** The names of the members that lead to the present place, one a level. */
  #names: string[] = [];
  /** Brackets that are open inside the present value. */
  #depth = 0;
  #isInText = false;
  #isEscaped = false;
  /** The pieces of the present name or session; `null`: it is skipped, or too large. */
  #kept: Uint8Array[] | null = null;
  #keptBytes = 0;

  constructor(onEntry: OnEntry) {
    this.#onEntry = onEntry;
  }

  /**
   * Reads the next piece. Its memory may be used again afterwards.
   * @throws BackupShapeError
   */
  write(chunk: Uint8Array): void {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    try {
      for (let at = 0; at < bytes.length;) at = this.#step(bytes, at);
    } catch (error) {
      // What follows has no meaning.
      this.#state = "end";
      throw error;
    }
    const unfinished = this.#kept?.pop();
    if (unfinished !== undefined) this.#kept?.push(Uint8Array.from(unfinished));
  }

  /** @throws BackupShapeError if the text has ended too early */
  end(): void {
    if (this.#state !== "end") throw new BackupShapeError("reset", "end");
  }

  /** @returns where to go on */
  #step(bytes: Buffer, at: number): number {
    if (this.#state === "in_name") return this.#inName(bytes, at);
    if (this.#state === "in_value") return this.#inValue(bytes, at);
    const byte = bytes[at];
    if (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09) return at + 1;
    switch (this.#state) {
      case "value":
        return this.#beginValue(byte, at);
      case "first_name":
      case "name":
        if (byte === CLOSING_BRACE && this.#state === "first_name") return this.#leave(at);
        this.#expect(byte, QUOTE);
        this.#keep("in_name");
        return at + 1;
      case "colon":
        this.#expect(byte, COLON);
        this.#state = "value";
        return at + 1;
      case "next":
        if (byte === CLOSING_BRACE) return this.#leave(at);
        this.#expect(byte, COMMA);
        this.#state = "name";
        return at + 1;
      case "end":
        throw new BackupShapeError("unexpected_answer", "text after the end");
    }
  }

  #expect(byte: number | undefined, expected: number): void {
    if (byte !== expected) throw new BackupShapeError("unexpected_answer", `syntax, level ${this.#level}`);
  }

  /** The name leads to rooms, to one room, to its sessions, or to a session. */
  #beginValue(byte: number | undefined, at: number): number {
    const name = this.#names[this.#level - 1];
    const isOnTheWay =
      this.#level === 0 ||
      this.#level === 2 ||
      (this.#level === 1 && name === "rooms") ||
      (this.#level === 3 && name === "sessions");
    if (isOnTheWay && byte === OPENING_BRACE) {
      this.#level += 1;
      this.#state = "first_name";
      return at + 1;
    }
    // Servers in Go send empty maps as null.
    if (this.#level === 0) throw new BackupShapeError("not_json", "no object");
    if (isOnTheWay && byte !== N)
      throw new BackupShapeError("unexpected_answer", `no object, level ${this.#level}`);
    this.#depth = 0;
    this.#isInText = false;
    this.#keep("in_value");
    if (this.#level !== SESSIONS) this.#kept = null;
    return at;
  }

  #leave(at: number): number {
    this.#level -= 1;
    this.#names.length = this.#level;
    this.#state = this.#level === 0 ? "end" : "next";
    return at + 1;
  }

  #keep(state: "in_name" | "in_value"): void {
    this.#state = state;
    this.#kept = [];
    this.#keptBytes = 0;
    this.#isEscaped = false;
  }

  #inName(bytes: Buffer, at: number): number {
    const end = this.#endOfText(bytes, at);
    this.#add(bytes, at, end === -1 ? bytes.length : end, MAX_NAME_BYTES);
    if (this.#kept === null) throw new BackupShapeError("unexpected_answer", "long name");
    if (end === -1) return bytes.length;
    this.#names[this.#level - 1] = textOf(this.#takeKept());
    this.#state = "colon";
    return end + 1;
  }

  #inValue(bytes: Buffer, from: number): number {
    let at = from;
    while (at < bytes.length) {
      if (this.#isInText) {
        const end = this.#endOfText(bytes, at);
        if (end === -1) break;
        this.#isInText = false;
        at = end + 1;
        continue;
      }
      const byte = bytes[at];
      if (this.#depth === 0 && (byte === COMMA || byte === CLOSING_BRACE)) {
        this.#add(bytes, from, at, MAX_ENTRY_BYTES);
        this.#endValue();
        return at;
      }
      if (byte === QUOTE) this.#isInText = true;
      else if (byte === OPENING_BRACE || byte === OPENING_BRACKET) this.#depth += 1;
      else if (byte === CLOSING_BRACE || byte === CLOSING_BRACKET) this.#depth -= 1;
      if (this.#depth < 0) throw new BackupShapeError("unexpected_answer", "brackets");
      at += 1;
    }
    this.#add(bytes, from, bytes.length, MAX_ENTRY_BYTES);
    return bytes.length;
  }

  #endValue(): void {
    this.#state = "next";
    if (this.#level !== SESSIONS) return;
    const json = this.#kept === null ? null : this.#takeKept();
    const [, roomId = "", , sessionId = ""] = this.#names;
    this.#onEntry(roomId, sessionId, json);
  }

  #add(bytes: Buffer, from: number, to: number, most: number): void {
    if (this.#kept === null || from === to) return;
    this.#keptBytes += to - from;
    if (this.#keptBytes > most) this.#kept = null;
    else this.#kept.push(bytes.subarray(from, to));
  }

  #takeKept(): string {
    const [first = new Uint8Array(), ...more] = this.#kept ?? [];
    this.#kept = null;
    return this.#decoder.decode(more.length === 0 ? first : Buffer.concat([first, ...more]));
  }

  /** Where the quote is that ends the present text; -1 if it is not among these bytes. */
  #endOfText(bytes: Buffer, from: number): number {
    let start = from;
    if (this.#isEscaped && start < bytes.length) {
      this.#isEscaped = false;
      start += 1;
    }
    for (;;) {
      const quote = bytes.indexOf(QUOTE, start);
      const end = quote === -1 ? bytes.length : quote;
      let backslashes = 0;
      while (end - backslashes > start && bytes[end - 1 - backslashes] === BACKSLASH) backslashes += 1;
      const isEscaped = backslashes % 2 === 1;
      if (quote === -1) {
        this.#isEscaped = isEscaped;
        return -1;
      }
      if (!isEscaped) return quote;
      start = quote + 1;
    }
  }
}

/** The text of a name as it stands between its quotes. */
function textOf(escaped: string): string {
  if (!escaped.includes("\\")) return escaped;
  try {
    return String(JSON.parse(`"${escaped}"`));
  } catch {
    throw new BackupShapeError("unexpected_answer", "name");
  }
}
