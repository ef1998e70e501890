import type { FileAccountData, FileRoom } from "../../../src/model/room-file.ts";
import type { FakeBot } from "./fake-bot.ts";
import { OWNER, SOURCE } from "./fake-bot.ts";

/** A room as a file has it. */
export function fileRoom(roomId: string, joinRule: string, more: Partial<FileRoom> = {}): FileRoom {
  return {
    ...{ roomId, joinRule, membership: "join", name: null, alias: null, aliases: [], via: ["new.example"] },
    ...{ version: "11", allow: [], encrypted: false, direct: false, partner: null, tags: {}, power: null },
    ...{ memberCount: null, helpers: [], successor: null, link: null, ...more },
  };
}

/** A person has imported a file about the old account. */
export async function importRooms(
  { store }: FakeBot,
  rooms: readonly FileRoom[],
  data: FileAccountData | null = null,
): Promise<void> {
  const findings = { writtenAt: 1, contacts: [], data, rooms };
  await store.store.imports.add({ owner: OWNER, userId: SOURCE, isInstead: false, findings }, Date.now());
}
