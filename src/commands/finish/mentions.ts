import type { Command } from "../../dialogue/conversation.ts";
import type { CommandSpecification } from "../../grammar/specification.ts";
import type { MentionRules } from "../../service/finish/mentions.ts";
import { mentionsRefused } from "../../view/finish/mentions.ts";

export const finishMentionsSpecification: CommandSpecification = {
  words: ["finish", "mentions"],
  summary: "notifies your new account of messages that mention your old one",
  usage: "[--off]",
  details: [
    "I add a notification rule to your new account. Nobody else sees it, so I ask nothing before. `--off` takes it back, and so does `!migrate undo`.",
    "It counts in rooms in which your new account is. Plans and comparisons leave it alone.",
  ],
  example: "finish mentions",
  positionals: [],
  flags: { off: { kind: "boolean" } },
};

export function finishMentionsCommand({
  finish,
  prefix,
}: {
  finish: { mentions: Pick<MentionRules, "set"> };
  prefix: string;
}): Command {
  return {
    specification: finishMentionsSpecification,
    async run({ flags }, conversation) {
      const { sender: owner, address, botRoomIds } = conversation;
      const isOff = flags["off"] === true;
      const result = await finish.mentions.set({ owner, address, botRoomIds }, { isOff });
      // The end of the run is the answer.
      if (result.status !== "started")
        await conversation.say(mentionsRefused(result, prefix), { key: "answer" });
    },
  };
}
