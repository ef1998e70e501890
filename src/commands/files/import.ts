import type { Command } from "../../dialogue/conversation.ts";
import { announceIfSlow } from "../../dialogue/slow-answer.ts";
import type { CommandSpecification } from "../../grammar/specification.ts";
import type { FileImports } from "../../service/files/import.ts";
import { fileImportAnswer, readingFile } from "../../view/files/import.ts";

export const importSpecification: CommandSpecification = {
  words: ["import"],
  summary: "takes your rooms, people and settings from a file, for a move without your old account",
  usage: "[--as @me:server] [--clear]",
  details: [
    "Send me the file here, and reply to it with this command. Without a reply I take the last file that you sent here in the last hour.",
    "I read the files of `!export rooms`, `!export data` and `!export plan`, lists of rooms of other tools (YAML with `roomSave`), and any text with room IDs, aliases, `matrix.to` or `matrix:` links and user IDs: mail, notes, a chat log. A file can have 20 MB.",
    "`--as` says which account was yours, if the file does not say it. You can import several files of one account; I put them together, room by room.",
    "`--clear` forgets what I keep of earlier files. As a reply to a file it then takes that file.",
    "Then `!login new` and `!migrate plan` are enough. While your old server still answers, sign in your old account instead: more can be moved.",
  ],
  example: "import --as @me:dead.example",
  positionals: [],
  flags: { as: { kind: "text" }, clear: { kind: "boolean" } },
};

export function importCommand({
  fileImports,
  prefix,
}: {
  fileImports: Pick<FileImports, "import">;
  prefix: string;
}): Command {
  return {
    specification: importSpecification,
    async run({ flags }, conversation) {
      const { sender: owner, roomId, inReplyTo } = conversation;
      const typed = flags["as"];
      const request = {
        ...{ owner, roomId, inReplyTo },
        as: typeof typed === "string" ? typed : null,
        isClearing: flags["clear"] === true,
      };
      const { result, isAnnounced } = await announceIfSlow(
        () => conversation.say(readingFile(), { key: "meanwhile" }),
        () => fileImports.import(request),
      );
      const answer = fileImportAnswer(result, prefix);
      const isReplacement = isAnnounced && answer.tone === "notice";
      await conversation.say(answer, { key: "answer", ...(isReplacement && { replaces: "meanwhile" }) });
    },
  };
}
