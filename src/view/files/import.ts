import type { FileFindings } from "../../model/room-file.ts";
import type { FileMistake } from "../../platforms/files.ts";
import type { FileImported, FileImportResult } from "../../service/files/import.ts";
import type { Block, Inline } from "../document/document.ts";
import { code, list, paragraph, strong } from "../document/document.ts";
import type { Message } from "../document/message.ts";
import { alert, notice } from "../document/message.ts";
import { counted, formatCount } from "../document/numbers.ts";
import { formatDate } from "../document/time.ts";
import { untrustedCode } from "../document/untrusted-text.ts";

type NotDownloaded = Extract<FileImportResult, { status: "not_downloaded" }>["reason"];

/** Shown while the file is downloaded and read. */
export function readingFile(): Message {
  return notice(paragraph("Reading your file …"));
}

/** The answer to `!import`. */
export function fileImportAnswer(result: FileImportResult, prefix: string): Message {
  const again = code(`${prefix}import`);
  switch (result.status) {
    case "switched_off":
      return notice(
        paragraph(
          "This bot does not move accounts by files; its operator has switched that off. Nothing was stored. ",
          "If your old server still answers, sign in your old account: ",
          code(`${prefix}login old @you:server`),
          ". ",
          code(`${prefix}import --clear`),
          " forgets what I keep of earlier files.",
        ),
      );
    case "cleared":
      return notice(
        paragraph(
          ...(result.erased === null
            ? ["I kept nothing of any file of yours."]
            : [
                "I have forgotten what your files said about ",
                code(untrustedCode(result.erased.userId)),
                `: ${counted(result.erased.rooms, "room")}.`,
              ]),
          ...(result.isSwitchedOff === true ? [] : [" To take a file, reply to it with ", again, "."]),
        ),
      );
    case "in_use":
      return notice(
        paragraph(
          "Your move goes by these files, so I keep them as long as it works or watches. ",
          code(`${prefix}migrate cancel`),
          " ends it, and then ",
          code(`${prefix}import --clear`),
          " forgets them. Nothing was changed.",
        ),
      );
    case "no_file":
      return alert(
        paragraph(
          result.isReply
            ? "The message that you replied to has no file that I remember. I remember a file for an hour."
            : "You have sent me no file here in the last hour.",
          " Nothing was stored. Please send me the file here, and reply to it with ",
          again,
          ". ",
          code(`${prefix}help import`),
          " says what I can read.",
        ),
      );
    case "not_downloaded":
      return alert(paragraph(notDownloaded(result.reason), " Nothing was stored."));
    case "refused":
      return alert(
        paragraph(
          mistakeSentence(result.mistake),
          " Nothing was stored. ",
          code(`${prefix}help import`),
          " says what I can read.",
        ),
      );
    case "no_user_id":
      return alert(
        paragraph(
          code(untrustedCode(result.typed)),
          " is not a user ID. Please write the whole ID of your old account: ",
        ),
        paragraph(code(`${prefix}import --as @you:server`)),
      );
    case "account_needed":
      return alert(
        paragraph(
          `I found ${counted(result.rooms, "room")} in the file, but it does not say whose it is. Nothing was stored. Please tell me which account was yours, in a reply to the file: `,
          code(`${prefix}import --as @you:server`),
        ),
      );
    case "contradicts_file":
      return alert(
        paragraph(
          "The file says that it is of ",
          code(untrustedCode(result.inFile)),
          ", not of ",
          code(untrustedCode(result.typed)),
          ". Nothing was stored. Without ",
          code("--as"),
          " I take the account that the file names.",
        ),
      );
    case "is_new_account":
      return alert(
        paragraph(
          code(untrustedCode(result.userId)),
          " is your new account. A file for a move is about your old one. Nothing was stored.",
        ),
      );
    case "other_signed_in":
      return alert(
        paragraph(
          "The file is about ",
          code(untrustedCode(result.userId)),
          ", but the old account that you have signed in is ",
          code(untrustedCode(result.signedIn)),
          ". Nothing was stored. To move by the file, first type ",
          code(`${prefix}logout old`),
          ".",
        ),
      );
    case "other_account":
      return alert(
        paragraph(
          "The file is about ",
          code(untrustedCode(result.userId)),
          ", and I keep files about ",
          code(untrustedCode(result.kept)),
          ". Nothing was stored. To take the new file instead, reply to it with ",
          code(`${prefix}import --clear`),
          ".",
        ),
      );
    case "imported":
      return imported(result, prefix);
  }
}

function imported(result: FileImported, prefix: string): Message {
  const { userId, findings } = result;
  const blocks = [
    paragraph(
      "✅ I have read your file about ",
      strong(code(untrustedCode(userId))),
      writtenAt(findings),
      ".",
    ),
    list(contents(result)),
    ...notUnderstood(findings),
  ];
  if (!result.isOldServerAnswering) return notice(...blocks, paragraph(...nextStep(result, prefix)));
  return alert(
    ...blocks,
    paragraph(
      "Good news: your old server answers. Please sign in your old account, because then I can move more than a file allows, and it proves that the account is yours: ",
      code(`${prefix}login old ${untrustedCode(userId)}`),
      ". I keep the file in case the server goes away.",
    ),
  );
}

function writtenAt({ writtenAt: at }: FileFindings): string {
  return at === null ? "" : `, written on ${formatDate(at)}`;
}

function contents({ findings, newRooms, knownRooms }: FileImported): Inline[][] {
  const { rooms, contacts, data } = findings;
  const direct = rooms.filter(({ direct: isDirect }) => isDirect === true).length;
  const encrypted = rooms.filter(({ encrypted: isEncrypted }) => isEncrypted === true).length;
  const details = [
    ...(direct > 0 ? [`${formatCount(direct)} of them direct chats`] : []),
    ...(encrypted > 0 ? [`${formatCount(encrypted)} encrypted`] : []),
  ];
  const merged =
    knownRooms === 0
      ? ""
      : `; ${formatCount(newRooms)} new, ${formatCount(knownRooms)} I knew from an earlier file`;
  const roomsLine = `${counted(rooms.length, "room")}${details.length === 0 ? "" : `, ${details.join(", ")}`}${merged}`;
  return [
    ...(rooms.length === 0 && (contacts.length > 0 || data !== null) ? [] : [[roomsLine]]),
    ...(contacts.length === 0
      ? []
      : [[contacts.length === 1 ? "1 person" : `${formatCount(contacts.length)} people`]]),
    ...(data === null
      ? []
      : [
          [
            "your settings: tags, direct chats, notification rules, ignored people and the profile, as far as the file has them",
          ],
        ]),
  ];
}

/** What a place in a file is called. Programs count lists, and spreadsheets count rows. */
const placeWords: Readonly<Record<FileFindings["format"], string>> = {
  text: "line",
  rooms_csv: "row",
  report: "row",
  rooms: "item",
  data: "item",
  yaml: "item",
};

function notUnderstood({ format, notUnderstood: { first, total } }: FileFindings): Block[] {
  if (total === 0) return [];
  const rest = total - first.length;
  const place = placeWords[format];
  return [
    paragraph(`${counted(total, place)} ${total === 1 ? "has" : "have"} something like an ID that is none:`),
    list(first.map(({ line, text }) => [`${place} ${formatCount(line)}: `, code(untrustedCode(text))])),
    ...(rest > 0 ? [paragraph(`and ${formatCount(rest)} more.`)] : []),
  ];
}

function nextStep({ isOldSignedIn, isNewSignedIn, move }: FileImported, prefix: string): Inline[] {
  const plan = code(`${prefix}migrate plan`);
  if (move === "under_way")
    return [
      "Your move is under way. It takes up what this file adds before it ends, so there is nothing to do.",
    ];
  if (move === "watching")
    return [
      "Your move is done and only watches, so it does not begin with what this file adds. ",
      plan,
      " shows what that is, and then ",
      code(`${prefix}migrate start`),
      " does it.",
    ];
  if (isOldSignedIn) return ["Next: ", plan, " also says what changed since the file."];
  if (isNewSignedIn)
    return ["Next: ", plan, " shows what can be moved without your old account. It changes nothing."];
  return [
    "Next, sign in your new account: ",
    code(`${prefix}login new @you:server`),
    ". Then ",
    plan,
    " shows what can be moved without your old one.",
  ];
}

function notDownloaded(reason: NotDownloaded): string {
  switch (reason) {
    case "too_large":
      return "The file is larger than 20 MB.";
    case "gone":
      return "My server does not have the file any more. Please send it again.";
    case "damaged":
      return "The file arrived damaged. Please send it again.";
    case "unreachable":
      return "My server does not answer just now, so I could not get the file. Please try again in a few minutes.";
  }
}

function mistakeSentence(mistake: FileMistake): string {
  switch (mistake) {
    case "too_large":
      return "The file is larger than 20 MB. Please send the part with your rooms.";
    case "too_deep":
      return "The file is nested deeper than any list of rooms, so I did not read it.";
    case "not_text":
      return "The file is not text. I cannot read pictures, PDF or ZIP files; please send the text itself.";
    case "empty":
      return "I found no room, no person and no setting in the file.";
    case "newer_schema":
      return "A newer version of me wrote this file, and I do not know its form.";
    case "unreadable":
      return "I could not read the file: it takes more time or memory than a list of rooms should.";
  }
}
