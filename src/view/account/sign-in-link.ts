import type { Side } from "../../model/account.ts";
import type { LinkNews, WaitingLink } from "../../service/accounts/results.ts";
import type { Block, Inline } from "../document/document.ts";
import { code, join, link, numberedList, paragraph, strong } from "../document/document.ts";
import type { Message } from "../document/message.ts";
import { notice } from "../document/message.ts";
import { formatDuration } from "../document/time.ts";
import { untrustedCode } from "../document/untrusted-text.ts";
import { leftSession, leftover, nextStep, refusalBlocks, sideName, sideWord, success } from "./sign-in.ts";

/**
 * A sign-in by link that waits: the address, the code, and what the server's page will show. With
 * these nobody confirms a sign-in that they did not ask for (platforms/matrix/README.md, "Sign-in
 * by link").
 */
export function linkWaiting(waiting: WaitingLink, isServerAway = false): Message {
  const { side, userId, verificationUri, userCode, remainingMs, clientName, clientUri, foreignHost } =
    waiting;
  const { askedBy } = waiting;
  return notice(
    ...(askedBy === null
      ? []
      : [
          paragraph(
            strong("Only for "),
            code(untrustedCode(askedBy)),
            ", who asked for this. Nobody else may open the link or enter the code: ",
            code(untrustedCode(askedBy)),
            " would get access to your account.",
          ),
        ]),
    paragraph(
      "Sign in your ",
      strong(sideName(side)),
      " ",
      code(untrustedCode(userId)),
      " by link; nothing secret enters this chat. Open ",
      link(verificationUri, verificationUri),
      " in a browser and enter this code:",
    ),
    paragraph(code(untrustedCode(userCode))),
    ...(foreignHost === null
      ? []
      : [
          paragraph(
            strong("Careful: "),
            "this page is at ",
            code(untrustedCode(foreignHost)),
            ", a name that has nothing in common with your server's. Go on only if you know that your server signs people in there. Never confirm on the page of another server.",
          ),
        ]),
    numberedList([
      [
        "Check that the address is your server's, and that the page shows the account ",
        code(untrustedCode(userId)),
        ".",
      ],
      [
        "It will name me, ",
        strong(clientName),
        " (",
        link(clientUri, clientUri),
        "), and the network address I work from, and warn in red that a device elsewhere gets access. That is me, if you asked for this just now; if not, cancel there.",
      ],
      ["Tick the box and grant access. Then come back here."],
    ]),
    paragraph(
      `The code is valid for ${formatDuration(remainingMs)}. `,
      isServerAway
        ? "Your server does not answer just now; I keep asking."
        : "I wait for it and show the result here.",
    ),
  );
}

/** The result of a sign-in by link, in the same message. */
export function linkNews(
  news: LinkNews,
  { side, userId, prefix }: { side: Side; userId: string; prefix: string },
): Message {
  const again = code(`${prefix}login ${sideWord(side)} ${untrustedCode(userId)}`);
  const about = ["The sign-in of your ", strong(sideName(side)), " ", code(untrustedCode(userId))];
  switch (news.kind) {
    case "waiting":
      return linkWaiting(news.link, news.isServerAway);
    case "signed_in": {
      const { account, replaced } = news;
      const kept = paragraph(
        "I renew it by myself for as long as the move takes, and end it when you say so.",
      );
      return notice(success(account), kept, ...leftSession(replaced), paragraph(...nextStep(news, prefix)));
    }
    case "denied":
      return over([
        ...about,
        " was refused on the server's page, and nothing was signed in. ",
        again,
        " starts again.",
      ]);
    case "expired":
      return over([
        "The code for your ",
        ...about.slice(1),
        " has expired unused. ",
        again,
        " gives a new one.",
      ]);
    case "cancelled":
      return over([...about, " is cancelled; its code no longer works."]);
    case "replaced":
      return over([...about, " with this code has ended: you started another one."]);
    case "lost":
      return over(
        [
          ...about,
          " was confirmed, but I was interrupted before I had the session. Please try again: ",
          again,
          ".",
        ],
        leftover(news.deviceId),
      );
    case "refusal":
      if (news.refusal.code === "wrong_account") {
        const { actual } = news.refusal;
        const isEnded = news.leftoverDeviceId === null;
        return over(
          [
            ...about,
            " was confirmed by another account, ",
            code(untrustedCode(actual)),
            `. I did not use it${isEnded ? " and ended that session" : ""}. If that is the account to move, name it. Otherwise sign in to the right account on the server's page: `,
            again,
            ".",
          ],
          ...(news.leftoverDeviceId === null ? [] : [leftover(news.leftoverDeviceId)]),
        );
      }
      return notice(...refusalBlocks({ side, userId, ...news, prefix }));
  }
}

/** `!cancel`. */
export function linksCancelled(ended: readonly Side[], { prefix }: { prefix: string }): Message {
  if (ended.length === 0)
    return notice(
      paragraph(
        "Nothing is waiting, so there was nothing to cancel. ",
        code(`${prefix}whoami`),
        " shows your accounts.",
      ),
    );
  const names = ended.map((side): Inline => strong(sideName(side)));
  return notice(paragraph("I no longer wait for the sign-in of your ", ...join(names, " and "), "."));
}

function over(words: readonly Inline[], ...more: Block[]): Message {
  return notice(paragraph(...words), ...more);
}
