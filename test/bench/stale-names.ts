import { z } from "zod";
import { apiPath } from "../../src/platforms/matrix/api/homeserver-client.ts";
import { concurrently } from "../../src/platforms/matrix/reading/concurrently.ts";
import type { Homeserver } from "../lab/homeservers/model.ts";
import type { Population } from "../lab/population/model.ts";

const CONCURRENCY = 6;
/** Every n-th room of the account carries its present name. */
const CURRENT_EVERY = 5;
/** Every n-th room of the others carries a former name instead of the server's default. */
const FORMER_EVERY = 8;
const memberSchema = z.looseObject({ membership: z.string() });

/**
 * Gives most rooms a name that the account no longer has. Real accounts look like this: a server
 * needs long to spread a changed profile, and stops for good in some rooms. Rooms with a name that
 * was chosen for them keep it.
 */
export async function writeStaleNames(
  server: Pick<Homeserver, "baseUrl">,
  { source, rooms, sourceData }: Pick<Population, "source" | "rooms" | "sourceData">,
): Promise<void> {
  const headers = { authorization: `Bearer ${source.accessToken}` };
  const localpart = source.userId.slice(1, source.userId.indexOf(":"));
  const unnamed = rooms.filter(({ roomId }) => !Object.hasOwn(sourceData.roomProfiles, roomId));
  const stale = unnamed.filter((_, index) => index % CURRENT_EVERY !== 0);
  await concurrently([...stale.entries()], CONCURRENCY, async ([index, { roomId }]) => {
    const path = apiPath`/_matrix/client/v3/rooms/${roomId}/state/m.room.member/${source.userId}`;
    const member = await fetch(server.baseUrl + path, { headers });
    if (!member.ok || memberSchema.parse(await member.json()).membership !== "join") return;
    const displayname = index % FORMER_EVERY === 0 ? `${source.displayName} of old` : localpart;
    const written = await fetch(server.baseUrl + path, {
      method: "PUT",
      headers: { ...headers, "content-type": "application/json" },
      body: JSON.stringify({ membership: "join", displayname }),
    });
    if (!written.ok) throw new Error(`a stale name was refused with status ${written.status}`);
  });
}
