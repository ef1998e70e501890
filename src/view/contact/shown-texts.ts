import type { Person } from "../../model/contact.ts";
import type { AskMessage } from "../../platforms/contact.ts";
import type { Block, Inline } from "../document/document.ts";
import { join, paragraph, person } from "../document/document.ts";
import { exactText } from "./text-for-others.ts";

/**
 * The characters of texts that a question shows. The file has the others. Plain text and HTML
 * repeat them, and a message has about 16,000 bytes (document/paging.ts).
 */
const MAX_SHOWN = 3_000;
const MAX_NAMED = 3;

/** The words of texts for other people, each once, and whether these are all. */
export function shownTexts(messages: readonly AskMessage[]): { blocks: Block[]; areAll: boolean } {
  const everybody = messages.flatMap((message) => [message, ...message.followers]);
  const all = [
    ...readersOf(everybody, ({ text }) => text).map(
      ([text, readers]) =>
        [[...namesOf(readers), readers.length === 1 ? " reads:" : " read:"], text] as const,
    ),
    ...readersOf(everybody, ({ reason }) => reason).map(
      ([reason, readers]) => [["The invitation to ", ...namesOf(readers), " says first:"], reason] as const,
    ),
  ];
  const blocks: Block[] = [];
  let length = 0;
  let shown = 0;
  for (const [title, text] of all) {
    length += text.length;
    if (length > MAX_SHOWN && shown > 0) break;
    blocks.push(paragraph(...title), exactText(text));
    shown += 1;
  }
  return { blocks, areAll: shown === all.length };
}

function readersOf<Message extends { readonly helper: Person }>(
  messages: readonly Message[],
  textOf: (message: Message) => string | null,
): [string, Person[]][] {
  const found = new Map<string, Person[]>();
  for (const message of messages) {
    const text = textOf(message);
    if (text === null) continue;
    const readers = found.get(text);
    if (readers === undefined) found.set(text, [message.helper]);
    else readers.push(message.helper);
  }
  return [...found];
}

function namesOf(people: readonly Person[]): Inline[] {
  const named = join(
    people.slice(0, MAX_NAMED).map(({ userId }) => person(userId)),
    ", ",
  );
  const more = people.length - MAX_NAMED;
  return [...named, ...(more > 0 ? [` and ${more} more`] : [])];
}
