import type { MentionsResult } from "../../service/finish/mentions.ts";
import { notSignedIn } from "../account/reading.ts";
import { code, paragraph, strong } from "../document/document.ts";
import type { Message } from "../document/message.ts";
import { alert, notice } from "../document/message.ts";
import { untrustedCode } from "../document/untrusted-text.ts";
import { alreadyThere } from "../migrate/start.ts";

/** Why the rule for mentions is not changed. */
export function mentionsRefused(
  result: Exclude<MentionsResult, { status: "started" }>,
  prefix: string,
): Message {
  return result.status === "already"
    ? notice(paragraph("Another task must end first. ", ...alreadyThere(result.run, prefix)))
    : notSignedIn(result, prefix, "This");
}

/** The end of the run that makes or removes the rule. It is the answer to the command. */
export function mentionsChanged(oldUserId: string, mentions: "on" | "off", prefix: string): Message {
  const old = code(untrustedCode(oldUserId));
  return mentions === "on"
    ? alert(
        paragraph(
          strong("Done. "),
          "When somebody mentions ",
          old,
          ", your new account is notified too. Nobody else sees this.",
        ),
        paragraph(
          "It counts in rooms in which your new account is, and not in rooms that you have muted. ",
          code(`${prefix}finish mentions --off`),
          " takes it back.",
        ),
      )
    : alert(
        paragraph(
          strong("Done. "),
          "Your new account is no longer notified when somebody mentions ",
          old,
          ". ",
          code(`${prefix}finish mentions`),
          " brings it back.",
        ),
      );
}
