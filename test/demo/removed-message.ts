import { z } from "zod";
import { askServer } from "../lab/ask-server.ts";
import type { DemoEnvironment } from "./environment.ts";

const eventSchema = z.object({
  unsigned: z.looseObject({ redacted_because: z.unknown() }),
  content: z.looseObject({}),
});

/** Whether the server no longer has the content of a message in the chat. */
export async function isRemoved(
  { newAccount, person, chatId }: Pick<DemoEnvironment, "newAccount" | "person" | "chatId">,
  eventId: string,
): Promise<boolean> {
  const path = `/_matrix/client/v3/rooms/${encodeURIComponent(chatId)}/event/${encodeURIComponent(eventId)}`;
  const event = eventSchema.parse(await askServer(newAccount.server.baseUrl, person.accessToken, path));
  return Object.keys(event.content).length === 0;
}
