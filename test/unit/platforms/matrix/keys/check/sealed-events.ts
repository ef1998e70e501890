/** The start of a Megolm message with this index, and some bytes that stand for its content. */
export function ciphertext(index: number): string {
  const varint: number[] = [];
  for (let rest = index; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) {
      varint.push(rest);
      break;
    }
    varint.push((rest % 128) + 128);
  }
  const bytes = [0x03, 0x08, ...varint, 0x12, 0x10, ...Array.from({ length: 16 }, () => 7)];
  return Buffer.from(bytes).toString("base64").replaceAll("=", "");
}

/** An encrypted message as a server shows it. */
export function sealed(eventId: string, sessionId: string, index: number, sentAt = 1_000) {
  return {
    event_id: eventId,
    type: "m.room.encrypted",
    sender: "@a:old.example",
    origin_server_ts: sentAt,
    content: { algorithm: "m.megolm.v1.aes-sha2", session_id: sessionId, ciphertext: ciphertext(index) },
  };
}

/** A change of the room's history setting. */
export function visibilityEvent(eventId: string, visibility: string) {
  return {
    ...{ event_id: eventId, type: "m.room.history_visibility", state_key: "", sender: "@a:old.example" },
    ...{ origin_server_ts: 1_000, content: { history_visibility: visibility } },
  };
}

/** Messages with the IDs `$1` (the newest) to `$COUNT`, each at the time that its place gives. */
export function sealedMessages(count: number, newestSentAt = 100_000) {
  return Array.from({ length: count }, (_, place) =>
    sealed(`$${place + 1}`, "S", count - place, newestSentAt - place),
  );
}
