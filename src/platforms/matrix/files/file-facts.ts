import type { ImportedAccount } from "../../../model/room-file.ts";
import type { PlanByFiles, SinceFiles } from "../../planning.ts";
import { serverNameOf } from "../ids/identifiers.ts";
import { isSameServer, serverPartOf } from "../ids/server-host.ts";
import type { RoomPlan } from "../planning/plan-rooms.ts";
import type { AccountReading } from "../reading/account-reading.ts";
import { directRooms } from "../rooms/direct-rooms.ts";

interface Planned {
  readonly readings: {
    readonly source: Pick<AccountReading, "method" | "snapshot" | "deadServers">;
    readonly target: Pick<AccountReading, "snapshot">;
  };
  readonly decided: Pick<RoomPlan, "rooms" | "triedRoomIds">;
}

/** What a plan tells of files that stand in for the source; `null`: the source was read. */
export function planByFiles(
  imported: ImportedAccount,
  { readings: { source, target }, decided }: Planned,
): PlanByFiles | null {
  if (source.method !== "file") return null;
  const { userId, rooms, accountData } = source.snapshot;
  const oldServer = serverNameOf(userId) ?? "";
  const { deadServers = new Set<string>() } = source;
  const isGone = (serverName: string): boolean =>
    isSameServer(serverName, oldServer) || deadServers.has(serverName);
  const lost = [...directRooms(accountData)].filter(
    ([roomId, partner]) =>
      isGone(serverPartOf(partner)) &&
      rooms.has(roomId) &&
      target.snapshot.rooms.get(roomId)?.membership !== "join",
  );
  const powers = [...rooms.values()].flatMap(({ fromFile }) => fromFile?.power ?? []);
  return {
    writtenAt: imported.writtenAt,
    oldServer,
    tried: decided.triedRoomIds,
    lostPower: powers.filter((power) => power === "creator" || power > 0).length,
    lostChats: lost.length,
    hasData: imported.data !== null,
  };
}

/** What has changed since the files; `null`: nobody knows, because the source was not read. */
export function sinceFiles(
  imported: ImportedAccount,
  { readings: { source }, decided }: Planned,
): SinceFiles | null {
  if (source.method === "file") return null;
  const known = new Set(imported.rooms.map(({ roomId }) => roomId));
  const { rooms } = source.snapshot;
  return {
    writtenAt: imported.writtenAt,
    entered: decided.rooms
      .filter(({ roomId, route }) => route !== "excluded" && !known.has(roomId))
      // Text may name a room by its alias alone.
      .filter(({ alias }) => alias === null || !known.has(alias))
      .filter(({ roomId }) => rooms.get(roomId)?.membership === "join")
      .map(({ roomId, name, alias }) => ({ roomId, name, alias })),
    // Text may name rooms in which the account never was.
    left: imported.rooms
      .filter(({ roomId, membership }) => membership === "join" && rooms.get(roomId)?.membership !== "join")
      .map(({ roomId, name, alias }) => ({ roomId, name, alias })),
  };
}
