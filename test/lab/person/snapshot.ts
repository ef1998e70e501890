import type { IContent, MatrixClient, MatrixEvent } from "matrix-js-sdk";
import { EventShieldColour, EventShieldReason } from "matrix-js-sdk/lib/crypto-api/index.js";
import { z } from "zod";
import type { SeenMessage } from "./protocol.ts";
import { eventContentSchema } from "./protocol.ts";

const relatesToSchema = z.object({
  rel_type: z.string().optional().catch(undefined),
  event_id: z.string().optional().catch(undefined),
  key: z.string().optional().catch(undefined),
  "m.in_reply_to": z.object({ event_id: z.string() }).optional().catch(undefined),
});

const newContentSchema = z.object({ "m.new_content": eventContentSchema });

/** What the client shows of an event now. The event must have its ID from the server. */
export async function takeSnapshot(client: MatrixClient, event: MatrixEvent): Promise<SeenMessage> {
  const failure = event.decryptionFailureReason;
  const newContent = newContentSchema.safeParse(event.replacingEvent()?.getOriginalContent()).data?.[
    "m.new_content"
  ];
  const stateKey = event.getStateKey();
  return {
    roomId: event.getRoomId() ?? "",
    eventId: event.getId() ?? "",
    sender: event.getSender() ?? "",
    // An event that could not be decrypted calls itself a message with the text "Unable to
    // decrypt". No test may take it for a message.
    type: failure === null ? event.getType() : event.getWireType(),
    ...(stateKey !== undefined && { stateKey }),
    content: plainData(failure === null ? event.getOriginalContent() : event.getWireContent()),
    ...(newContent !== undefined && !event.isRedacted() && { latestEditContent: plainData(newContent) }),
    isEncrypted: event.isEncrypted(),
    ...(failure !== null && { decryptionFailure: failure }),
    shield: await shieldOf(client, event),
    isRedacted: event.isRedacted(),
    relation: relationOf(event),
    timestamp: event.getTs(),
  };
}

// The content may hold objects with the client's own prototypes, which cannot pass the channel.
function plainData(content: IContent): SeenMessage["content"] {
  return eventContentSchema.parse(JSON.parse(JSON.stringify(content)));
}

function relationOf(event: MatrixEvent): SeenMessage["relation"] {
  const { data } = relatesToSchema.safeParse(
    event.getWireContent()["m.relates_to"] ?? event.getOriginalContent()["m.relates_to"],
  );
  if (data === undefined) return null;
  const { rel_type: type, event_id: eventId, key } = data;
  if (type !== undefined && eventId !== undefined)
    return { type, eventId, ...(key !== undefined && { key }) };
  const inReplyTo = data["m.in_reply_to"];
  return inReplyTo === undefined ? null : { type: "m.in_reply_to", eventId: inReplyTo.event_id };
}

async function shieldOf(client: MatrixClient, event: MatrixEvent): Promise<string | null> {
  if (event.isRedacted() || event.isDecryptionFailure()) return null;
  if (!event.isEncrypted()) {
    // Element's own rule, outside the library: an unencrypted message in an encrypted room has a
    // red shield.
    const isInEncryptedRoom = client.getRoom(event.getRoomId())?.hasEncryptionStateEvent() === true;
    return isInEncryptedRoom && event.getType() === "m.room.message" ? "red SENT_IN_CLEAR" : null;
  }
  const info = await client.getCrypto()?.getEncryptionInfoForEvent(event);
  if (info === null || info === undefined || info.shieldColour === EventShieldColour.NONE) return null;
  const colour = EventShieldColour[info.shieldColour].toLowerCase();
  return info.shieldReason === null ? colour : `${colour} ${EventShieldReason[info.shieldReason]}`;
}
