import { parseDocument } from "htmlparser2";
import { describe, expect, it } from "vitest";
import type { Block, Document, Inline } from "../../../src/view/document/document.ts";
import type { Message } from "../../../src/view/document/message.ts";
import { editContent, messageContent } from "../../../src/view/document/message.ts";
import { renderPlainText } from "../../../src/view/document/plain-text.ts";

/** A name that a hostile person, room or server could choose. */
export const EVIL = `<img src=x onerror=alert(1)> \u202Egnp.exe\u2066 @room @victim:x.org https://evil.example/ www.evil.example\n<a href="https://matrix.to/#/@victim:x.org">you</a>&lt;`;
/** A valid user ID: a localpart may hold anything but a colon. */
export const EVIL_USER = `@<b>"'&\u202E@room\n</b>:old.example`;
export const READER = "@me:example.org";

/** The only links that a message makes from data are links to people and rooms by their IDs. */
const LINK_TO_A_PERSON = /<a href="https:\/\/matrix\.to\/#\/%40[^"]*">[^<]*<\/a>/gu;
const LINK_TO_A_ROOM = /<a href="https:\/\/matrix\.to\/#\/![^"]*">(?:<code>[^<]*<\/code>|([^<]*))<\/a>/gu;
const SAFE_TAGS = ["p", "br", "strong", "em", "code", "pre", "blockquote", "a", "ul", "ol", "li"];

interface Read {
  tags: string[];
  attributes: string[];
  /** The text that a client shows. */
  text: string;
  /** The part of it outside of code. There clients turn addresses into links. */
  textOutsideCode: string;
}

function read(html: string): Read {
  const found: Read = { tags: [], attributes: [], text: "", textOutsideCode: "" };
  const visit = (nodes: ReturnType<typeof parseDocument>["children"], isCode: boolean): void => {
    for (const node of nodes) {
      if ("name" in node && node.name === "br") found.text += "\n";
      if ("name" in node && "attribs" in node) {
        found.tags.push(node.name);
        found.attributes.push(...Object.entries(node.attribs).map(([name, value]) => `${name}=${value}`));
      }
      if ("children" in node) visit(node.children, isCode || ("name" in node && node.name === "code"));
      else if ("data" in node) {
        found.text += node.data;
        if (!isCode) found.textOutsideCode += node.data;
      }
    }
  };
  visit(parseDocument(html).children, false);
  return found;
}

const withoutLayout = (text: string): string => text.replace(/^(?:- |> |\d+\. )/gmu, "").replace(/\s+/gu, "");

const withoutLinks = (html: string): string =>
  html.replace(LINK_TO_A_PERSON, "").replace(LINK_TO_A_ROOM, "$1");

/** Plain text shows the ID of a room beside its name; HTML has it in the link. */
function withoutRoomIds(document: Document): Document {
  const inline = (part: Inline): Inline => {
    if (typeof part === "string") return part;
    if (part.kind === "strong" || part.kind === "group")
      return { ...part, children: part.children.map(inline) };
    return part.kind === "room" ? { ...part, id: "" } : part;
  };
  return document.map((block): Block => {
    if (block.kind === "paragraph" || block.kind === "quote")
      return { ...block, children: block.children.map(inline) };
    return block.kind === "list" ? { ...block, items: block.items.map((item) => item.map(inline)) } : block;
  });
}

/**
 * The rules for every message (view/README.md, "How messages look"). @param addresses that people
 * are meant to open
 */
export function keepsTheRulesOfMessages(
  all: readonly { name: string; message: Message }[],
  addresses: readonly string[] = [],
): void {
  describe("each message", () => {
    it.each(all)("$name says the same in plain text and in HTML", ({ message }) => {
      const { body, formatted_body: html } = messageContent(message, [READER]);
      const named = renderPlainText(withoutRoomIds(message.document));
      expect(withoutLayout(named)).toBe(withoutLayout(read(html).text));
      expect(body.trim()).not.toBe("");
      expect(body + html).not.toMatch(/undefined|\[object|null/u);
    });

    it.each(all)(
      "$name keeps to the tags that every client shows, and to no attribute from elsewhere",
      ({ message }) => {
        const { tags, attributes } = read(withoutLinks(messageContent(message, [READER]).formatted_body));
        for (const tag of tags) expect(SAFE_TAGS).toContain(tag);
        // A numbered list may continue another one.
        const isMeant = (attribute: string): boolean =>
          /^start=\d+$/u.test(attribute) || addresses.some((address) => attribute === `href=${address}`);
        expect(attributes.filter((attribute) => !isMeant(attribute))).toEqual([]);
      },
    );

    it.each(all)("$name makes no link and no mention of what others called themselves", ({ message }) => {
      const content = messageContent(message, [READER]);
      const { textOutsideCode } = read(withoutLinks(content.formatted_body));
      const withoutMeant = addresses.reduce((text, address) => text.replaceAll(address, ""), textOutsideCode);
      expect(withoutMeant).not.toMatch(/https?:\/\/|www\.\w|\w\.(?:org|example)|@\w|matrix\.to/u);
      expect(content.body).not.toMatch(/[\u202A-\u202E\u2066-\u2069\u200E\u200F\u0000-\u0009\u000B-\u001F]/u);
      const { user_ids: mentioned } = content["m.mentions"];
      expect(mentioned).toEqual(message.tone === "alert" ? [READER] : undefined);
      expect(content["m.mentions"]).not.toHaveProperty("room");
    });

    it.each(all)("$name, as an edit, carries its mentions on both layers", ({ message }) => {
      const content = messageContent(message, [READER]);
      const edit = editContent(
        { ...content, "m.relates_to": { rel_type: "m.thread", event_id: "$root" } },
        "$original",
      );
      expect(edit).toMatchObject({
        body: `* ${content.body}`,
        formatted_body: `* ${content.formatted_body}`,
        "m.mentions": content["m.mentions"],
        "m.new_content": { ...content },
        "m.relates_to": { rel_type: "m.replace", event_id: "$original" },
      });
      expect(edit["m.new_content"]).not.toHaveProperty("m.relates_to");
    });

    it.each(all)("$name ends its sentences and doubles no space", ({ message }) => {
      const { body } = messageContent(message, []);
      expect(body).not.toMatch(/ {2}|\.\.(?!\.)| [.,]/u);
    });
  });
}
