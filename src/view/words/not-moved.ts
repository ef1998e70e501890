import type { NotMoved, NotMovedCode } from "../../model/not-moved.ts";

const MAX_NAMED_ITEMS = 3;

const reasons: Readonly<Record<NotMovedCode, string>> = {
  holds_keys: "Keys and secrets of your old account, which would break the new one's encryption",
  bound_to_device: "Notes about single devices of your old account",
  bound_to_server: "Data of your old server",
  bound_to_identity:
    "Consents and addresses made for your old account; set them up again where you need them",
  bot_state: "Data of a bot on your old account",
  looks_secret: "Settings of apps I don't know that look like keys, devices or tokens",
  malformed: "Entries that no app can read",
  own_account: "Entries about your own two accounts",
  room_not_moved: "Entries about rooms that are not moved",
  room_replaced: "Read markers of rooms that were replaced by newer ones",
  held_back:
    "Settings that can refuse invitations, as long as a room may still need one; I copy them afterwards",
  server_default: "Rooms that still show the name your old server gave you; nobody chose it",
  former_profile: "Rooms that still show a former name or picture of yours",
  target_has_own: "Items that your new account has set differently; it keeps its own",
  server_refuses: "Profile fields that your new server does not accept",
  source_gone: "Pictures that were only on your old server; choose them again in your settings",
  rule_not_on_server: "Notification rules that your new server does not have",
  unknown_default_rule:
    "Default notification rules that differ on the two servers; check them in your settings",
};

/**
 * What is not moved and why: one line for each reason, with the number of items and at most three
 * of them by name. Plain text: the items are data of servers and other people. Clean and escape
 * them wherever they are shown.
 */
export function notMovedText(notMoved: readonly NotMoved[]): string[] {
  return [...Map.groupBy(notMoved, ({ code }) => code)].map(([code, all]) => {
    const items = all.slice(0, MAX_NAMED_ITEMS).map(({ item }) => item);
    const more = all.length > items.length ? " and others" : "";
    return `${reasons[code]} (${all.length}): ${items.join(", ")}${more}`;
  });
}
