import { styleText } from "node:util";
import { z } from "zod";
import type { SeenMessage } from "../lab/person/protocol.ts";
import { textOf } from "../lab/person/seen-messages.ts";

const INDENT = "    ";

/** How a transcript names and paints people. */
export interface TranscriptStyle {
  nameOf(userId: string): string;
  /** A bot's messages are long, so they are indented below its name. */
  isBot(userId: string): boolean;
  hasColours: boolean;
}

/** Colours are for terminals only, and off if `NO_COLOR` is set (https://no-color.org). */
export function wantsColours(
  stream: { isTTY?: boolean | undefined },
  env: Readonly<Record<string, string | undefined>>,
): boolean {
  return stream.isTTY === true && (env["NO_COLOR"] ?? "") === "";
}

/**
 * The lines that show a message, or how it has changed since `previous`; none if nothing in it is
 * new. State events and events that only carry an edit or a removal are shown at the message that
 * they concern.
 */
export function transcriptLines(
  message: SeenMessage,
  previous: SeenMessage | undefined,
  style: TranscriptStyle,
): string[] {
  const now = readable(message, previous);
  const before = previous && readable(previous, undefined);
  if (now === undefined || (before?.text === now.text && before.note === now.note)) return [];

  const isBot = style.isBot(message.sender);
  const paint = (format: Parameters<typeof styleText>[0], text: string) =>
    style.hasColours ? styleText(format, text, { validateStream: false }) : text;
  const name = paint(["bold", isBot ? "green" : "cyan"], withoutControls(style.nameOf(message.sender)));
  const note = now.note === "" ? "" : ` ${paint(now.isFailure ? "red" : "dim", `(${now.note})`)}`;
  const [first = "", ...rest] = now.text.split("\n").map(withoutControls);
  if (now.text === "") return [`${name}${note}`];
  if (isBot) return [`${name}${note}:`, ...[first, ...rest].map(indented)];
  return [`${name}${note}: ${first}`, ...rest.map(indented)];
}

interface Readable {
  text: string;
  /** The text in brackets after the name. */
  note: string;
  isFailure?: boolean;
}

const fileSchema = z.object({
  msgtype: z.enum(["m.file", "m.image", "m.audio", "m.video"]),
  body: z.string(),
  filename: z.string().optional(),
  info: z
    .object({ size: z.number().optional().catch(undefined) })
    .optional()
    .catch(undefined),
});

function readable(message: SeenMessage, previous: SeenMessage | undefined): Readable | undefined {
  if (message.stateKey !== undefined || message.type === "m.room.redaction") return undefined;
  // A redacted event has lost its relation. Its previous look still has it.
  const relation = message.relation ?? previous?.relation;
  if (relation?.type === "m.replace") return undefined;
  if (message.type === "m.reaction")
    return { text: relation?.key ?? "", note: message.isRedacted ? "reaction removed" : "reaction" };
  if (message.isRedacted) return { text: "", note: "removed" };
  if (message.decryptionFailure !== undefined)
    return { text: "", note: `could not be decrypted: ${message.decryptionFailure}`, isFailure: true };
  if (message.type !== "m.room.message") return undefined;
  const file = fileSchema.safeParse(message.content);
  if (file.success) return { text: fileText(file.data), note: "file" };
  return { text: textOf(message), note: message.latestEditContent === undefined ? "" : "edited" };
}

function fileText({ body, filename, info }: z.infer<typeof fileSchema>): string {
  const caption = filename !== undefined && filename !== body ? `\n${body}` : "";
  return `${filename ?? body}${info?.size === undefined ? "" : `, ${info.size} bytes`}${caption}`;
}

function indented(line: string): string {
  return line === "" ? "" : `${INDENT}${line}`;
}

// Names and texts come from strangers. Control characters could move the cursor, and bidirectional
// ones could turn lines round.
function withoutControls(text: string): string {
  return text.replaceAll(/[\p{Cc}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, "");
}
