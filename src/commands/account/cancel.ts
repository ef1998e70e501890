import type { Command } from "../../dialogue/conversation.ts";
import { answerInTime } from "../../dialogue/slow-answer.ts";
import type { CommandSpecification } from "../../grammar/specification.ts";
import type { KeyCopy } from "../../model/key-copy.ts";
import type { SignIn } from "../../service/accounts/sign-in.ts";
import type { KeyOverview } from "../../service/keys/overview.ts";
import { askingServers } from "../../view/account/accounts.ts";
import { linksCancelled } from "../../view/account/sign-in-link.ts";
import type { Message } from "../../view/document/message.ts";
import { onlyWorkRuns, whichToCancel, workCancelled } from "../../view/keys/cancel.ts";
import { sideOfWord, sideWords } from "./login.ts";

/** The word for work with keys. */
const KEYS = "keys";

export const cancelSpecification: CommandSpecification = {
  words: ["cancel"],
  summary: "cancels a sign-in by link that is waiting for you, or a copy of keys",
  usage: "[old|new|keys]",
  details: [
    "Without a word I cancel what waits. If several things wait, I ask which one.",
    "The code of a sign-in stops working. Accounts that are signed in stay signed in; `!logout` ends those.",
    "`!cancel keys` ends a copy of keys that waits or runs, and erases what opens the key backup. Keys that are copied stay copied.",
  ],
  example: "cancel old",
  positionals: [{ name: "what", kind: "choice", choices: [...sideWords, KEYS], isOptional: true }],
  flags: {},
};

export function cancelCommand({
  signIn,
  keys,
  prefix,
}: {
  signIn: Pick<SignIn, "cancel" | "waiting">;
  keys: { overview: Pick<KeyOverview, "unfinished">; cancel: (owner: string) => Promise<KeyCopy | null> };
  prefix: string;
}): Command {
  return {
    specification: cancelSpecification,
    async run({ positionals }, conversation) {
      const word = positionals["what"]?.[0];
      const owner = conversation.sender;
      // Waits for a sign-in request that is already under way.
      await answerInTime(conversation, askingServers(), () =>
        word === undefined ? cancelWhatWaits(owner) : cancelNamed(owner, word),
      );
    },
  };

  async function cancelNamed(owner: string, word: string): Promise<Message> {
    if (word === KEYS) return workCancelled(await keys.cancel(owner), prefix);
    return linksCancelled(await signIn.cancel(owner, [sideOfWord(word)]), { prefix });
  }

  async function cancelWhatWaits(owner: string): Promise<Message> {
    const [sides, work] = [await signIn.waiting(owner), await keys.overview.unfinished(owner)];
    const isRunning = work?.state === "running";
    const copy = isRunning ? null : work;
    if (sides.length + (copy === null ? 0 : 1) > 1) return whichToCancel({ sides, copy }, prefix);
    if (isRunning && sides.length === 0) return onlyWorkRuns(work, prefix);
    if (copy !== null) return workCancelled(await keys.cancel(owner), prefix);
    return linksCancelled(await signIn.cancel(owner, sides), { prefix });
  }
}
