import { sides } from "../../../model/account.ts";
import { serverNameOf } from "../ids/identifiers.ts";
import { concurrently } from "../reading/concurrently.ts";
import { CONCURRENCY } from "../reading/limits.ts";
import { stateNow } from "../reading/state-now.ts";
import { refusalOf } from "../sign-in/provider.ts";
import type { WatchedRoom } from "./access-change.ts";
import type { Look } from "./look.ts";
import type { WatchingAccount } from "./watching-account.ts";

/** A server that shows a room answers at once. */
const TIMEOUT_MS = 10_000;
/** The others follow at a later look. */
const MAX_ROOMS_PER_LOOK = 20;
/**
 * A room is asked about at least once in this number of looks, however long it has been unreadable.
 */
const MAX_LOOKS_BETWEEN = 12;

/** The state that a room needs to be planned. */
const NEEDED_STATE = ["m.room.create", "m.room.power_levels", "m.room.join_rules"] as const;

/**
 * The rooms that could not be read and can be read now. The pauses between such looks double, since
 * each room that is found makes the run read both accounts, and may turn out unreadable after all.
 */
export async function readableAgain(look: Look): Promise<string[]> {
  const { rooms, readsRooms, random } = look;
  if (readsRooms === null || !isDue(readsRooms)) return [];
  const unreadable = rooms.filter((room) => room.unreadableOn !== null);
  const first = Math.floor(random() * unreadable.length);
  const asked = [...unreadable.slice(first), ...unreadable.slice(0, first)].slice(0, MAX_ROOMS_PER_LOOK);
  const readable = await concurrently(asked, CONCURRENCY, async (room) =>
    (await isShown(look, room)) ? [room.roomId] : [],
  );
  return readable.flat();
}

function isDue(look: number): boolean {
  return look % MAX_LOOKS_BETWEEN === 0 || Number.isInteger(Math.log2(look));
}

/**
 * A server of both accounts must show the room to both.
 * @throws anything that is neither a server's error nor a failed connection: a bug
 */
async function isShown({ userId, account, signal }: Look, room: WatchedRoom): Promise<boolean> {
  try {
    for (const side of sides) {
      if (serverNameOf(userId[side]) !== room.unreadableOn) continue;
      const open = account[side];
      if (open === null || !(await isShownTo(await open(), room.roomId, signal))) return false;
    }
    return true;
  } catch (error) {
    if (!signal.aborted) refusalOf(error);
    return false;
  }
}

async function isShownTo({ client }: WatchingAccount, roomId: string, signal: AbortSignal): Promise<boolean> {
  for (const type of NEEDED_STATE) {
    const content = await stateNow(client, { roomId, type, timeoutMs: TIMEOUT_MS }, signal);
    if (type === "m.room.create" && content === null) return false;
  }
  return true;
}
