import type { ClosingResult } from "../../service/finish/move-ending.ts";
import type { Block } from "../document/document.ts";
import { code, link, list, paragraph, strong } from "../document/document.ts";
import type { Message } from "../document/message.ts";
import { notice } from "../document/message.ts";
import { untrustedCode } from "../document/untrusted-text.ts";

/** What closing the old account does, when to do it, and where. The bot never does it. */
export function closeAnswer(result: ClosingResult, prefix: string): Message {
  if (result.fromFile !== undefined) return nothingToClose(result.fromFile, prefix);
  return notice(
    paragraph(
      strong("Only you can close your old account. "),
      "I never do it, because nobody can take it back.",
    ),
    paragraph(strong("What it does")),
    list([
      "Every session ends. The account can never be used or registered again.",
      "Its devices, its key backup and its settings are deleted. Encrypted messages that only it can read stay unreadable.",
      "It leaves all rooms, also those that are not moved. Invitations to it are declined.",
      "Its messages stay. Your name stays beside old messages in other people's apps.",
      'If you choose "erase": people who come later do not see your messages, and your name is deleted, also the one that says where you are now.',
      "Power that it has in rooms stays with its ID. Whoever owns its server later could use it.",
    ]),
    paragraph(
      strong("Better wait some weeks. "),
      "People who look for you find your old account and the name that says where you are. Moderators who have not answered yet can see by it that it is you. A closed account can't let your new one in, and can't copy keys any more.",
    ),
    ...where(result),
    paragraph("Look first: ", code(`${prefix}finish`), "."),
  );
}

/** Nobody can sign in to the old account, whose server is gone. */
function nothingToClose(oldUserId: string, prefix: string): Message {
  const old = code(untrustedCode(oldUserId));
  return notice(
    paragraph(
      strong("There is nothing to close now. "),
      "I know your old account ",
      old,
      " only from your files. Only its own server can close it, and that server is gone.",
    ),
    paragraph(
      "Other servers still show it as a member of its rooms. Nobody can act for it, so it stays there, and that does no harm. Whoever owns the domain of its server later could use its ID and its power in rooms.",
    ),
    paragraph(
      "If its server comes back: ",
      code(`${prefix}login old ${untrustedCode(oldUserId)}`),
      ". Then ",
      code(`${prefix}finish`),
      " shows what to do before you close it.",
    ),
  );
}

function where({ closing }: ClosingResult): Block[] {
  const title = strong("Where: ");
  const inElement =
    "in Element: All settings, Account, Deactivate Account. Other apps have it in their account settings.";
  switch (closing?.kind) {
    case "page":
      return [paragraph(title, "on the page of its server: ", link(closing.page, closing.page))];
    case "app":
      return [paragraph(title, inElement)];
    case "unknown":
    case undefined:
      return [
        paragraph(title, inElement, " Servers with a page for accounts have it there: the app opens it."),
      ];
  }
}
