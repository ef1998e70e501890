import type { AskWay } from "../../model/contact.ts";

/** Where a helper is asked, after a verb. */
export const askWayWords: Readonly<Record<AskWay, string>> = {
  direct: "in your direct chat",
  room: "in the room itself",
  new_direct: "in a new direct chat",
};
