import { z } from "zod";
import { UnreachableError } from "../../../network/unreachable-error.ts";
import { apiPath } from "../api/homeserver-client.ts";
import { HomeserverError, unlessAbsent } from "../api/homeserver-error.ts";
import type { ReadingGap } from "./account-reading.ts";
import { concurrently } from "./concurrently.ts";
import { collectBySync } from "./initial-sync.ts";
import { readJoinedRoom } from "./joined-rooms.ts";
import { CONCURRENCY } from "./limits.ts";
import { tagsOf } from "./raw-events.ts";
import type { Reader } from "./reader.ts";
import type { AccountPair } from "./room-collector.ts";
import { RoomCollector } from "./room-collector.ts";
import type { Progress } from "./sliding-sync.ts";
import { unlessUnreadable } from "./unless-unreadable.ts";

/**
 * Global account data that is requested by name if no listing has it: all types that clients are
 * known to write (platforms/matrix/README.md, "Account data").
 */
const KNOWN_ACCOUNT_DATA = [
  "m.direct",
  "m.ignored_user_list",
  "m.invite_permission_config",
  "org.matrix.msc4155.invite_permission_config",
  "m.media_preview_config",
  "io.element.msc4278.media_preview_config",
  "im.vector.web.settings",
  "org.matrix.preview_urls",
  "im.vector.setting.allowed_widgets",
  "im.vector.setting.breadcrumbs",
  "im.vector.riot.breadcrumb_rooms",
  "m.recent_emoji",
  "io.element.recent_emoji",
  "m.image_pack.rooms",
  "im.ponies.emote_rooms",
  "im.ponies.user_emotes",
  "m.policies",
  "org.matrix.msc3847.policies",
  "in.cinny.spaces",
  "fi.mau.gomuks.preferences",
];
const KNOWN_ROOM_ACCOUNT_DATA = [
  "m.fully_read",
  "m.marked_unread",
  "com.famedly.marked_unread",
  "org.matrix.msc3230.space_order",
  "org.matrix.room.preview_urls",
];

/** Some people have megabytes of pictures in one type. */
const MAX_CONTENT_BYTES = 8 * 1_048_576;

const anySchema = z.unknown();

/**
 * The last method: separate requests for each room. Only a sync has invitations and account data of
 * unknown types. So a sync without the rooms' state is tried first. If it fails, they are reported
 * as gaps.
 */
export async function collectRoomByRoom(
  reader: Reader,
  { accounts, joined, onProgress }: RoomsToCollect,
): Promise<Collected> {
  const { collector, gaps } = await begin(reader, accounts, joined.length);
  let read = 0;
  await concurrently(joined, CONCURRENCY, async (roomId) => {
    await readJoinedRoom(reader, collector, roomId);
    if (gaps.length > 0) await collectRoomAccountData(reader, collector, roomId);
    read += 1;
    onProgress({ read, total: joined.length });
  });
  if (gaps.length > 0) await collectKnownAccountData(reader, collector);
  return { collector, gaps };
}

interface RoomsToCollect {
  readonly accounts: AccountPair;
  /** The IDs of the joined rooms. */
  readonly joined: readonly string[];
  readonly onProgress: (progress: Progress) => void;
}

interface Collected {
  readonly collector: RoomCollector;
  readonly gaps: readonly ReadingGap[];
}

async function begin(reader: Reader, accounts: AccountPair, joinedCount: number): Promise<Collected> {
  const collector = new RoomCollector(accounts, reader.host);
  try {
    await collectBySync(reader, collector, "members", joinedCount);
    return { collector, gaps: [] };
  } catch (error) {
    if (!isMethodUnsupported(error)) throw error;
    reader.log.warn({ err: error }, "this server has no usable sync");
    return {
      collector: new RoomCollector(accounts, reader.host),
      gaps: ["pending_rooms", "further_account_data"],
    };
  }
}

/**
 * Whether a method of listing is unsupported by this server, so that another may work. False for
 * ended sessions, refusals and aborted reads.
 */
export function isMethodUnsupported(error: unknown): boolean {
  if (error instanceof HomeserverError)
    return error.status >= 500 || [400, 404, 405, 413, 414].includes(error.status);
  return (
    error instanceof UnreachableError &&
    ["too_large", "timeout", "unexpected_answer", "not_json"].includes(error.reason)
  );
}

/** Larger content is unreadable. Everything else is read. */
async function collectKnownAccountData(reader: Reader, collector: RoomCollector): Promise<void> {
  const { userId } = collector.accounts;
  for (const type of KNOWN_ACCOUNT_DATA) {
    const path = apiPath`/_matrix/client/v3/user/${userId}/account_data/${type}`;
    try {
      const content = await readIfThere(reader, path);
      if (content !== undefined) collector.addAccountData([{ type, content }]);
    } catch (error) {
      if (!(error instanceof UnreachableError && error.reason === "too_large")) throw error;
      reader.log.warn({ err: error, type }, "account data is too large");
      collector.addUnreadableAccountData(null, type);
    }
  }
}

async function collectRoomAccountData(
  reader: Reader,
  collector: RoomCollector,
  roomId: string,
): Promise<void> {
  const { userId } = collector.accounts;
  for (const type of KNOWN_ROOM_ACCOUNT_DATA) {
    const path = apiPath`/_matrix/client/v3/user/${userId}/rooms/${roomId}/account_data/${type}`;
    const found = await unlessUnreadable(reader, roomId, async (ofRoom) => ({
      content: await readIfThere(ofRoom, path),
    }));
    if (found === null) collector.addUnreadableAccountData(roomId, type);
    else if (found.content !== undefined)
      collector.addRoomAccountData(roomId, [{ type, content: found.content }]);
  }
  const path = apiPath`/_matrix/client/v3/user/${userId}/rooms/${roomId}/tags`;
  const tags = await unlessUnreadable(reader, roomId, async (ofRoom) =>
    tagsOf(await readIfThere(ofRoom, path)),
  );
  if (tags === null) collector.addUnreadableAccountData(roomId, "m.tag");
  else collector.setTags(roomId, tags);
}

/** `undefined` if the thing does not exist on the server. */
async function readIfThere(reader: Pick<Reader, "request">, path: string): Promise<unknown> {
  return await unlessAbsent(
    reader.request({ method: "GET", path, schema: anySchema, maxBytes: MAX_CONTENT_BYTES }),
  );
}
