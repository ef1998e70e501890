import type { Report } from "../../model/report.ts";
import { blockedRooms } from "../../model/rooms-left.ts";
import type { Inline } from "../document/document.ts";
import { code } from "../document/document.ts";
import { counted, waitVerb } from "../document/numbers.ts";
import { comparesWords } from "../words/from-file.ts";
import { missingKeys } from "../words/key-words.ts";

/** The rooms that are left in a plan without work for the bot, and what to do about them. */
export function nothingLeft(report: Report, prefix: string): Inline[] {
  const stuck = blockedRooms(report).length;
  const leftOut = report.rooms.filter((room) => room.route === "excluded").length;
  const missing = missingKeys(report, prefix);
  const keys = missing.length === 0 ? [] : [" ", ...missing];
  if (stuck === 0 && leftOut > 0)
    return [
      keys.length === 0 ? "There is nothing left to do" : "Only keys are left",
      ` in what the plan covers; it leaves out ${counted(leftOut, "room")}. `,
      code(`${prefix}migrate plan`),
      " without filters covers everything.",
      ...keys,
    ];
  if (stuck === 0)
    return [
      keys.length === 0
        ? "There is nothing left to do: everything is moved. "
        : "Everything is moved but the keys of encrypted history. ",
      code(`${prefix}migrate verify`),
      comparesWords(report),
      ...keys,
    ];
  return [
    "There is nothing left that I can do alone. ",
    `${counted(stuck, "room")} ${waitVerb(stuck)} for somebody or can't be moved: `,
    code(`${prefix}report`),
    " says why, and who can help.",
    ...keys,
  ];
}
