import type { Block } from "../document/document.ts";
import { code, paragraph } from "../document/document.ts";
import type { Attachment, Message } from "../document/message.ts";
import { alert } from "../document/message.ts";

/** A preview of what other people will see, or of what cannot be undone. */
export interface PreviewWords {
  /** Recipients, exact texts and rooms. What is too long for a message is in files. */
  all: readonly Block[];
  /** Counts alone, for a room that other people read. */
  counts: readonly Block[];
  files?: readonly Attachment[];
}

/** The words that answer a question. */
export interface AnswerWords {
  /** The word for which ✅ stands; `null`: only typed words answer. */
  word: string | null;
  /** Words that count only when they are typed, each with what it is for: "To leave #3 too". */
  typed: readonly { word: string; does: string }[];
  /** Typed words that the question does not repeat: they differ from the last in a number. */
  listed?: readonly string[];
}

/** A preview that asks for a confirmation. */
export interface Question {
  preview: PreviewWords;
  answers: AnswerWords;
  /** The rooms of the numbered list in the preview, for `#3`. */
  numberedRooms: readonly string[];
}

/** The question in a direct chat. @param isChanged an earlier answer came after a change */
export function wholeQuestion(preview: PreviewWords, answers: AnswerWords, isChanged = false): Message {
  return {
    ...alert(...changedNote(isChanged), ...preview.all, howToAnswer(answers)),
    attachments: preview.files ?? [],
  };
}

/** The question in a room that other people read. The whole preview is in the direct chat. */
export function shortQuestion(preview: PreviewWords, answers: AnswerWords, isChanged = false): Message {
  return alert(
    ...changedNote(isChanged),
    ...preview.counts,
    paragraph("The rest is in our direct chat."),
    howToAnswer(answers),
  );
}

/** The whole preview in the direct chat. The question is in another room. */
export function previewBeside(preview: PreviewWords): Message {
  return {
    ...alert(...preview.all, paragraph("Please answer in the room in which you gave the command.")),
    attachments: preview.files ?? [],
  };
}

/** There is no direct chat in which the person can see the whole preview, so nothing is asked. */
export function openDirectChat(preview: PreviewWords): Message {
  return alert(
    ...preview.counts,
    paragraph(
      "I show names and texts only in a direct chat, and begin nothing before you have seen them. Please open a direct chat with me and give the command there.",
    ),
  );
}

function changedNote(isChanged: boolean): Block[] {
  if (!isChanged) return [];
  return [paragraph("Something has changed since I asked, so I did nothing. This is how it is now.")];
}

function howToAnswer({ word, typed }: AnswerWords): Block {
  return paragraph(
    ...(word === null ? [] : ["To confirm, tap ✅ below or write ", code(word), ". "]),
    ...typed.flatMap((each) => [`${each.does}, write `, code(each.word), ". "]),
    "Otherwise do nothing.",
  );
}
