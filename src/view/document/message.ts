import type { Document } from "./document.ts";
import { renderHtml } from "./html.ts";
import { renderPlainText } from "./plain-text.ts";

/** One message of the bot. */
export interface Message {
  document: Document;
  /**
   * `notice` is routine and notifies nobody. `alert` is a question, a failure or the end of a run:
   * a text that mentions the person (view/README.md, "Notifications and mentions").
   */
  tone: "notice" | "alert";
  /** Files. Each is a message of its own after the text (view/README.md, "How messages look"). */
  attachments?: readonly Attachment[];
}

/** A file that is sent with a message. */
export interface Attachment {
  fileName: string;
  mimeType: string;
  bytes: Buffer;
}

/** A file of plain text. */
export function textFile(fileName: string, lines: readonly string[]): Attachment {
  return { fileName, mimeType: "text/plain", bytes: Buffer.from(`${lines.join("\n")}\n`) };
}

/** A routine message. It notifies nobody. */
export function notice(...document: Document): Message {
  return { document, tone: "notice" };
}

/** A message that mentions the person. */
export function alert(...document: Document): Message {
  return { document, tone: "alert" };
}

/**
 * The content of an `m.room.message`. It always has `m.mentions`: without it old servers notify
 * people by their name in the text (view/README.md, "Notifications and mentions").
 */
export interface MessageContent extends Record<string, unknown> {
  msgtype: "m.notice" | "m.text";
  body: string;
  format: "org.matrix.custom.html";
  formatted_body: string;
  "m.mentions": { user_ids?: string[] };
}

/** @param mentions the people whom an alert notifies */
export function messageContent({ document, tone }: Message, mentions: readonly string[]): MessageContent {
  return {
    msgtype: tone === "alert" ? "m.text" : "m.notice",
    body: renderPlainText(document),
    format: "org.matrix.custom.html",
    formatted_body: renderHtml(document),
    "m.mentions": tone === "alert" && mentions.length > 0 ? { user_ids: [...mentions] } : {},
  };
}

/**
 * The content of an edit that replaces an earlier message (CS API §Event replacements). Both layers
 * carry `m.mentions`.
 */
export function editContent(content: Record<string, unknown>, eventId: string): Record<string, unknown> {
  const { "m.relates_to": _relation, ...newContent } = content;
  return {
    ...newContent,
    body: `* ${String(content["body"])}`,
    ...(typeof content["formatted_body"] === "string" && {
      formatted_body: `* ${content["formatted_body"]}`,
    }),
    "m.new_content": newContent,
    "m.relates_to": { rel_type: "m.replace", event_id: eventId },
  };
}

/** The content of an `m.file`, without the address of its upload. */
export function fileContent({ fileName, mimeType, bytes }: Attachment): Record<string, unknown> {
  return {
    msgtype: "m.file",
    body: fileName,
    filename: fileName,
    info: { mimetype: mimeType, size: bytes.byteLength },
    "m.mentions": {},
  };
}
