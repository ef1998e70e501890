import type { KeysLeft } from "../../model/keys-left.ts";
import { keysLeft } from "../../model/keys-left.ts";
import type { Report } from "../../model/report.ts";
import type { Inline } from "../document/document.ts";
import { code, strong } from "../document/document.ts";
import { formatCount, plural } from "../document/numbers.ts";

/** What is missing of the keys, and what to do about it; empty if nothing is. */
export function missingKeys(report: Pick<Report, "categories" | "keys">, prefix: string): Inline[] {
  const { toCopy, isUnreadable } = keysLeft(report);
  if (isUnreadable)
    return [
      "A server did not show its key backup, so keys of encrypted history may be missing: ",
      code(`${prefix}keys status`),
      " asks again.",
    ];
  if (toCopy === 0) return [];
  return [
    `${formatCount(toCopy)} ${plural(toCopy, "key")} of encrypted history ${toCopy === 1 ? "is" : "are"} missing: `,
    code(`${prefix}keys copy`),
    toCopy === 1 ? " copies it." : " copies them.",
  ];
}

/** What follows `keys of encrypted history` in a list of categories: `: 40 of 100`. */
export function keyCounts({ expected, present, unusable, isUnreadable }: KeysLeft): string {
  if (isUnreadable) return ": a server did not show its key backup";
  const unusableToo = unusable > 0 ? `, and ${formatCount(unusable)} that no app can use` : "";
  return `: ${formatCount(present)} of ${formatCount(expected)}${unusableToo}`;
}

/** What a plan says about its encrypted rooms; empty if there are none, or if it read no keys. */
export function encryptedRooms(report: Report, prefix: string): Inline[] {
  const { rooms, keys } = report;
  const total = rooms.filter(({ encrypted, route }) => encrypted && route !== "excluded").length;
  if (total === 0 || keys === null) return [];
  const head = [strong(String(total)), ` encrypted ${plural(total, "room")}: `];
  const toCopy = keys.missing - keys.unusable;
  switch (keys.kind) {
    case "none":
    case "unknown_algorithm":
      return [
        ...head,
        keys.kind === "none"
          ? "your old account has no keys in a backup, so there is nothing to copy. "
          : "your old account has a kind of key backup that I don't know, so I can't copy its keys. ",
        "Where Element Web or Desktop still shows old messages, it can export its keys to a file: ",
        code(`${prefix}keys import`),
        " takes that file.",
      ];
    case "unreadable":
      return [
        ...head,
        "a server did not show its key backup, so I can't say which old messages stay unreadable. ",
        code(`${prefix}keys status`),
        " asks again.",
      ];
    case "counted":
      return [
        ...head,
        strong(String(total)),
        ` ${total === 1 ? "has" : "have"} no keys in your new account's backup`,
        `, and your old one's has ${formatCount(keys.missing)}. `,
        UNTIL_COPIED,
      ];
    case "compared":
      return [...head, ...comparedWords(keys.roomsWithoutKeys ?? 0, toCopy)];
  }
}

/** @param without rooms of which the old backup has no key */
function comparedWords(without: number, toCopy: number): Inline[] {
  if (without === 0)
    return toCopy === 0
      ? ["their keys are in your new account's backup."]
      : ["your old account's backup has keys of every one. ", UNTIL_COPIED];
  return [
    strong(String(without)),
    without === 1
      ? " has no keys in your old account's backup, so nothing can be copied for it. "
      : " have no keys in your old account's backup, so nothing can be copied for them. ",
    toCopy === 0 ? "All other keys are in your new account's backup." : UNTIL_COPIED,
  ];
}

/** An app that finds no key may wait long (platforms/matrix/README.md, "Key backups"). */
const UNTIL_COPIED =
  "Old messages stay unreadable until their keys are copied, and keys are best copied before the rooms are joined.";
