import type { ExportedReport } from "../../../src/view/rooms/exported-report.ts";
import type { SeenMessage } from "../../lab/person/person.ts";
import { textOf } from "../../lab/person/person.ts";
import type { MoveEnvironment } from "./move-environment.ts";

type Chat = Pick<MoveEnvironment, "typist" | "chatId" | "botUserId">;

/** The files that a person sends to the bot and gets from it. */
export interface FilesInChat {
  /** The file that a command is answered with. */
  download(command: string, name: RegExp): Promise<Buffer>;
  send(name: string, bytes: Buffer): Promise<{ eventId: string }>;
  /** Says something as a reply, and resolves with the first answer that matches. */
  reply(text: string, to: string, isAnswer: RegExp): Promise<string>;
  report(): Promise<ExportedReport>;
}

export function filesInChat({ typist, chatId, botUserId }: Chat): FilesInChat {
  async function download(command: string, name: RegExp): Promise<Buffer> {
    const after = await typist.say(chatId, command);
    const isFile = ({ content }: SeenMessage): boolean => name.test(String(content["filename"]));
    return typist.downloadFile(await typist.waitForMessage(chatId, isFile, { from: botUserId, after }));
  }
  return {
    download,
    send: async (name, bytes) => ({
      eventId: await typist.sendFile(chatId, { name, mimetype: "application/json", bytes }),
    }),
    reply: async (text, to, isAnswer) => {
      const after = await typist.say(chatId, text, { "m.relates_to": { "m.in_reply_to": { event_id: to } } });
      const isFit = (message: SeenMessage): boolean => isAnswer.test(textOf(message));
      return textOf(await typist.waitForMessage(chatId, isFit, { from: botUserId, after }));
    },
    report: async () =>
      JSON.parse(
        (await download("!report --format json", /^report-\d+\.json$/u)).toString(),
      ) as ExportedReport,
  };
}
