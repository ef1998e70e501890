import type { KeptInRoomReason } from "../../platforms/contact.ts";
import { counted } from "../document/numbers.ts";
import { formatDay } from "../document/time.ts";

/** Why the old account stays in a room, and with it what would be lost if it left. */
export function keptWords(reason: KeptInRoomReason): string {
  switch (reason.code) {
    case "not_moved":
      return "your new account is not in it, so you would not be in it any more";
    case "less_power":
      return reason.target === null
        ? "the room shuts out your new account's server, so nobody there would hear from you"
        : `your old account has ${powerWords(reason.source)}, your new one ${powerWords(reason.target)}, so you would have less power`;
    case "last_admin":
      return "nobody else in it has the power of your old account, so nobody could ever change its permissions";
    case "alone":
      return "nobody else is in it, so nobody can ever enter it again";
    case "keys_missing":
      return reason.missing === null
        ? "I can't tell whether your new account has the keys of its messages, so you may not be able to read them"
        : `your new account lacks ${counted(reason.missing, "key")} of its messages, so you could not read those`;
    case "asked":
      return `your old account asked somebody for help on ${formatDay(reason.at)}, and an answer could not reach it`;
    case "unreadable":
      return "I can't read it just now, so I don't know what would be lost";
    case "server_notices":
      return "your old server writes its notices there and lets nobody leave";
    case "bot_chat":
      return "it is a chat with me";
  }
}

function powerWords(level: number | "creator"): string {
  return level === "creator" ? "the power of the room's creator" : `power ${level}`;
}
