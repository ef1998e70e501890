import type { Command, Conversation } from "../../dialogue/conversation.ts";
import { sayInPlaceOfLink, sayLink, sayLinkNote } from "../../dialogue/sign-in-notices.ts";
import { answerInTime, announceIfSlow } from "../../dialogue/slow-answer.ts";
import type { CommandSpecification } from "../../grammar/specification.ts";
import type { Side } from "../../model/account.ts";
import { serverNameOf } from "../../platforms/matrix/ids/identifiers.ts";
import type { PeoplesAccounts } from "../../service/accounts/peoples-accounts.ts";
import type { SignIn } from "../../service/accounts/sign-in.ts";
import { askingServer, signInOffer, signInRefused, signedIn } from "../../view/account/sign-in.ts";
import type { Message } from "../../view/document/message.ts";

/** The words for the two accounts, as people type them. */
export const sideWords = ["old", "new"] as const;

export function sideOfWord(word: string | undefined): Side {
  return word === "new" ? "target" : "source";
}

export const loginSpecification: CommandSpecification = {
  words: ["login"],
  summary: "signs in your old or your new account",
  usage: "old|new [@user:server] [--password … | --token …]",
  details: [
    "I use the safest method that the server offers. With a link, you get an address and a code and confirm in your browser. Nothing secret is written here, so it works in every room. `!cancel` cancels it. If the server offers no link, I say what to do instead.",
    "Without a user ID I use the account that I know already, or else the one you are writing from.",
    "If the server of your old account is gone for good, `!import` takes a file or notes in its place.",
    "`--password` and `--token` work only in a direct chat with me, and must come last: everything after them is the secret. I remove your message before I use the secret.",
    "With a link or a password I make a session of my own, renew it for as long as the move takes, and end it when you type `!logout`. A token stays yours: I never log it out.",
  ],
  example: "login old @me:old.example",
  positionals: [
    { name: "account", kind: "choice", choices: sideWords },
    { name: "userId", kind: "userId", isOptional: true },
  ],
  flags: { password: { kind: "secret" }, token: { kind: "secret" } },
  alternatives: [["password", "token"]],
};

export function loginCommand({
  signIn,
  accounts,
  prefix,
}: {
  signIn: Pick<SignIn, "offer" | "signIn">;
  accounts: Pick<PeoplesAccounts, "of" | "filesInstead">;
  prefix: string;
}): Command {
  return {
    specification: loginSpecification,
    async run({ positionals, secrets }, conversation) {
      const side = sideOfWord(positionals["account"]?.[0]);
      const userId =
        positionals["userId"]?.[0] ??
        (await accounts.of(conversation.sender))[side]?.userId ??
        conversation.sender;
      const asking = askingServer(serverNameOf(userId) ?? userId);
      const [method] = (["password", "token"] as const).filter((flag) => secrets[flag] !== undefined);
      if (method === undefined) return takeSafestWay(conversation, side, userId, asking);
      await answerInTime(conversation, asking, async () => {
        const result = await signIn.signIn(conversation.sender, side, userId, {
          method,
          value: secrets[method] ?? "",
        });
        return result.status === "signed_in"
          ? signedIn({ ...result, isEncrypted: conversation.isEncrypted, prefix })
          : signInRefused({
              side,
              userId,
              refusal: result.refusal,
              leftoverDeviceId: result.leftoverDeviceId,
              ...(await accounts.filesInstead(conversation.sender)),
              prefix,
            });
      });
    },
  };

  async function takeSafestWay(
    conversation: Conversation,
    side: Side,
    userId: string,
    asking: Message,
  ): Promise<void> {
    const { result: offer, isAnnounced } = await announceIfSlow(
      () => sayLinkNote(conversation, asking),
      () => signIn.offer(conversation.sender, side, userId, conversation.address),
    );
    switch (offer.status) {
      case "link":
        return sayLink(conversation, offer, isAnnounced);
      case "offered":
        return sayInPlaceOfLink(
          conversation,
          signInOffer({ side, userId, options: offer.options, roomKind: conversation.roomKind, prefix }),
          isAnnounced,
        );
      case "refused":
        return conversation.say(
          signInRefused({
            ...{ side, userId, refusal: offer.refusal, leftoverDeviceId: null, prefix },
            ...(await accounts.filesInstead(conversation.sender)),
          }),
          { key: "answer" },
        );
    }
  }
}
