import { anyAnswer } from "../../api/any-answer.ts";
import { apiPath } from "../../api/homeserver-client.ts";
import { stateNow } from "../../reading/state-now.ts";
import type { StepSession } from "../../steps/define-step.ts";

interface Message {
  readonly roomId: string;
  readonly text: string;
  readonly mentions: readonly string[];
  /** The server sends two messages with the same ID once (CS §Transaction identifiers). */
  readonly transactionId: string;
}

/** Whether a room is encrypted. Encryption cannot be switched off (CS §m.room.encryption). */
export async function isEncryptedNow(session: StepSession, roomId: string): Promise<boolean> {
  return (await stateNow(session, { roomId, type: "m.room.encryption" })) !== null;
}

/** Sends a plain text. Only for a room that is not encrypted at this moment. */
export async function sendText(
  session: StepSession,
  { roomId, text, mentions, transactionId }: Message,
): Promise<void> {
  await session.request({
    method: "PUT",
    path: apiPath`/_matrix/client/v3/rooms/${roomId}/send/m.room.message/${transactionId}`,
    body: {
      msgtype: "m.text",
      body: text,
      // Without it, clients look for names in the text (CS §User and room mentions).
      "m.mentions": mentions.length === 0 ? {} : { user_ids: mentions },
    },
    schema: anyAnswer,
  });
}
