import type { ConvertResult } from "../../service/run/results.ts";
import { aliasUnanswered, cannotDecide } from "../account/reading.ts";
import type { Inline } from "../document/document.ts";
import { code, paragraph, strong } from "../document/document.ts";
import type { Message } from "../document/message.ts";
import { notice } from "../document/message.ts";
import { untrustedCode, untrustedText } from "../document/untrusted-text.ts";

/** `!converttodm` and `!converttoroom`. */
export function convertAnswer(
  result: ConvertResult,
  { toDirect, prefix }: { toDirect: boolean; prefix: string },
): Message {
  switch (result.status) {
    case "converted":
      return notice(paragraph("✅ ", ...place(result, toDirect), " now. Nobody else sees that."));
    case "unchanged":
      return notice(paragraph(...place(result, toDirect), " already. Nothing was changed."));
    case "not_in_room":
      return notice(
        paragraph(
          "Your new account is not in ",
          code(untrustedCode(result.room)),
          ". Name a room by its ID, an alias, a link, or its number in the last list: ",
          code(`${prefix}rooms`),
          " makes one.",
        ),
      );
    case "no_partner":
      return notice(
        paragraph(
          "I don't know whom you talk with in ",
          code(untrustedCode(result.roomId)),
          ". Please name the person: ",
          code(`${prefix}converttodm ${untrustedCode(result.roomId)} @partner:server`),
          ".",
        ),
      );
    case "unanswered_alias":
      return aliasUnanswered(result.alias);
    case "not_signed_in":
    case "not_read":
      return cannotDecide(result, prefix, "That");
  }
}

function place(
  { roomId, name, partner }: { roomId: string; name: string | null; partner: string | null },
  toDirect: boolean,
): Inline[] {
  const room: Inline[] =
    name === null
      ? [code(untrustedCode(roomId))]
      : [strong(untrustedText(name)), " ", code(untrustedCode(roomId))];
  if (!toDirect) return [...room, " is listed among your new account's rooms"];
  return [
    ...room,
    " is a direct chat",
    ...(partner === null ? [] : [" with ", code(untrustedCode(partner))]),
    " on your new account",
  ];
}
