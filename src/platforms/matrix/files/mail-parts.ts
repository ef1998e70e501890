import type { TextOfFile } from "./read-text.ts";
import { decodedBase64, decodedQuotedPrintable } from "./transfer-encodings.ts";

/** Real mails have a few parts within parts. Further ones belong to the text of the last. */
const MAX_NESTED = 20;
/** The headers of a mail with many signatures take 20 kB. */
const MAX_HEADERS = 200_000;
/** The value of one header. A boundary has at most 70 characters (RFC 2046, section 5.1.1). */
const MAX_VALUE = 2_000;
/** Longer lines are read from their start only, where boundaries and types are. */
const MAX_START = 1_000;

const HEADER = /^([A-Za-z][\w-]{0,80})[ \t]*:/u;
const MIME_HEADER = /^(?:content-type|content-transfer-encoding|mime-version)[ \t]*:/imu;
/** The line before each mail of an mbox file ends with a time and a year. */
const MBOX_START = /^From \S.{0,200}\d\d:\d\d.{0,20}\d{4}/u;
/** Types that have no IDs. */
const NO_TEXT = /^(?:image|audio|video|font)\//u;

/** Whether a text is a mail, or several of them in one file, as people save them. */
export function isMail(text: string): boolean {
  const start = Math.max(text.search(/\S/u), 0);
  const head = text.slice(start, start + MAX_HEADERS);
  if (MBOX_START.test(head)) return true;
  const end = head.search(/\n[ \t]*\r?\n/u);
  const headers = end === -1 ? head : head.slice(0, end);
  return (
    MIME_HEADER.test(headers) &&
    headers.split("\n").every((line) => /^[ \t>]/u.test(line) || HEADER.test(line))
  );
}

/**
 * The headers and parts of a mail (RFC 2045, RFC 2046), one after another, each decoded. Parts that
 * are no text are left out. It is one pass, whatever the mail has.
 */
export function* partsOfMail(text: string): Generator<TextOfFile, void, undefined> {
  const boundaries: string[] = [];
  let section: Section = { at: text.search(/\S/u), line: 1, isBody: false, headers: new MimeHeaders() };
  let isAfterEmpty = true;
  let line = 0;
  for (let at = 0; at < text.length;) {
    const next = text.indexOf("\n", at);
    const end = next === -1 ? text.length : next + 1;
    line += 1;
    const start = text.slice(at, Math.min(end, at + MAX_START)).trimEnd();
    const isMail = isAfterEmpty && MBOX_START.test(start);
    const boundary = isMail ? null : boundaryOf(start, boundaries);
    if (isMail || boundary !== null) {
      yield* decoded(text, section, at);
      boundaries.length = boundary?.depth ?? 0;
      section = { at, line, isBody: boundary?.isLast ?? false, headers: new MimeHeaders() };
    } else if (!section.isBody && start !== "") section.headers.add(start);
    else if (!section.isBody && section.at < at) {
      yield* decoded(text, section, at);
      const { headers } = section;
      if (headers.boundary !== null && boundaries.length < MAX_NESTED)
        boundaries.push(`--${headers.boundary}`);
      const isForwarded = headers.type === "message/rfc822";
      section = isForwarded
        ? { at: end, line: line + 1, isBody: false, headers: new MimeHeaders() }
        : { at: end, line: line + 1, isBody: true, headers };
    }
    isAfterEmpty = start === "";
    at = end;
  }
  yield* decoded(text, section, text.length);
}

/** From where on the file has headers, or the body that they describe. */
interface Section {
  readonly at: number;
  readonly line: number;
  readonly isBody: boolean;
  readonly headers: MimeHeaders;
}

/** What the headers of a mail or of a part say about its body. */
class MimeHeaders {
  readonly #values = new Map<string, string>();
  #name: string | null = null;

  /** One line: a header, or the rest of the one before it. */
  add(line: string): void {
    const [whole, name] = HEADER.exec(line) ?? [];
    if (whole !== undefined && name !== undefined) {
      this.#name = name.toLowerCase();
      if (this.#name.startsWith("content-")) this.#values.set(this.#name, line.slice(whole.length));
      return;
    }
    const value = this.#values.get(this.#name ?? "");
    if (this.#name !== null && value !== undefined && value.length < MAX_VALUE)
      this.#values.set(this.#name, `${value} ${line}`);
  }

  get type(): string {
    return (/[\w.+/-]+/u.exec(this.#values.get("content-type") ?? "")?.[0] ?? "").toLowerCase();
  }

  /** What stands before each part, if there are several. */
  get boundary(): string | null {
    return this.type.startsWith("multipart/") ? this.#parameter("boundary") : null;
  }

  get charset(): string {
    return this.#parameter("charset") ?? "utf-8";
  }

  get encoding(): string {
    return (this.#values.get("content-transfer-encoding") ?? "").trim().toLowerCase();
  }

  #parameter(name: string): string | null {
    const value = this.#values.get("content-type") ?? "";
    const [, quoted, plain] = new RegExp(`;[ \\t]*${name}=(?:"([^"]*)"|([^\\s;]+))`, "iu").exec(value) ?? [];
    return quoted ?? plain ?? null;
  }
}

/** Which of the open boundaries a line is, if any. @returns how many stay open */
function boundaryOf(line: string, open: readonly string[]): { depth: number; isLast: boolean } | null {
  if (!line.startsWith("--")) return null;
  for (let index = open.length - 1; index >= 0; index -= 1) {
    const boundary = open[index] ?? "";
    if (!line.startsWith(boundary)) continue;
    if (line.length === boundary.length) return { depth: index + 1, isLast: false };
    if (line === `${boundary}--`) return { depth: index, isLast: true };
  }
  return null;
}

function* decoded(file: string, { at, line, isBody, headers }: Section, end: number): Generator<TextOfFile> {
  const text = file.slice(Math.max(at, 0), end);
  if (isBody && headers.encoding === "base64") {
    const content = NO_TEXT.test(headers.type) ? null : decodedBase64(text, headers.charset);
    if (content !== null) yield { line, text: content, hasFileLines: false };
  } else if (isBody && headers.encoding === "quoted-printable")
    yield { line, text: decodedQuotedPrintable(text, headers.charset), hasFileLines: true };
  else yield { line, text, hasFileLines: true };
}
