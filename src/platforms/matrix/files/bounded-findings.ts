import type { FileContact, FileRoom } from "../../../model/room-file.ts";
import type { PowerLevel } from "../../../model/routes.ts";
import { isJsonObject } from "../api/json.ts";
import { parseRoomAlias, parseRoomId, parseUserId } from "../ids/identifiers.ts";
import { isServerName } from "../ids/server-name.ts";

/** Limits of what a file says about one room or person. They are above every real one. */
const MAX_VIA = 20;
const MAX_HELPERS = 50;
const MAX_IDS = 200;
const MAX_TAGS = 200;
const MAX_NAME = 1_000;
/** Versions and rules are words. A cut one would be another one. */
const MAX_WORD = 100;
const MAX_LINK = 2_000;
/** The maximum length of a tag (CS §Room Tagging, "Tags"). */
const MAX_TAG = 255;
/** The content of a tag beside its order, as JSON. */
const MAX_TAG_CONTENT = 500;

/** What a file says about a room, with nothing that is too long or outside what Matrix allows. */
export function boundedRoom(room: FileRoom): FileRoom {
  return {
    roomId: room.roomId,
    membership: room.membership,
    name: cut(room.name),
    alias: room.alias !== null && parseRoomAlias(room.alias) !== null ? room.alias : null,
    aliases: room.aliases.filter((alias) => parseRoomAlias(alias) !== null).slice(0, MAX_IDS),
    via: room.via.filter(isServerName).slice(0, MAX_VIA),
    version: word(room.version),
    joinRule: word(room.joinRule),
    allow: room.allow.filter(isRoomId).slice(0, MAX_IDS),
    encrypted: room.encrypted,
    direct: room.direct,
    partner: room.partner !== null && parseUserId(room.partner) !== null ? room.partner : null,
    tags: boundedTags(room.tags),
    power: powerLevel(room.power),
    memberCount: room.memberCount !== null && isCount(room.memberCount) ? room.memberCount : null,
    helpers: room.helpers
      .filter(({ userId }) => parseUserId(userId) !== null)
      .slice(0, MAX_HELPERS)
      .map(({ userId, displayName, power }) => ({
        userId,
        displayName: cut(displayName),
        power: powerLevel(power),
      })),
    successor: room.successor !== null && isRoomId(room.successor) ? room.successor : null,
    link: room.link !== null && room.link.length <= MAX_LINK ? room.link : null,
  };
}

/** What a file says about a person, within the same limits. */
export function boundedContact({ userId, displayName, rooms }: FileContact): FileContact {
  return { userId, displayName: cut(displayName), rooms: rooms.filter(isRoomId).slice(0, MAX_IDS) };
}

/** Tags of a room whose order is a number from 0 to 1, or none. */
export function boundedTags(tags: Readonly<Record<string, unknown>>): FileRoom["tags"] {
  const entries: [string, Record<string, unknown>][] = [];
  for (const [name, content] of Object.entries(tags).slice(0, MAX_TAGS)) {
    // The name "__proto__" would not be read again.
    if (!isJsonObject(content) || name.length > MAX_TAG || name === "" || name === "__proto__") continue;
    const { order, ...rest } = content;
    const isSmall = JSON.stringify(rest).length <= MAX_TAG_CONTENT;
    entries.push([name, { ...(isSmall && rest), ...(isOrder(order) && { order }) }]);
  }
  return Object.fromEntries(entries);
}

/** Some clients have written the order as text (matrix-org/synapse#10519). */
function isOrder(order: unknown): boolean {
  const number = typeof order === "string" && order.trim() !== "" ? Number(order) : order;
  return typeof number === "number" && number >= 0 && number <= 1;
}

function powerLevel(power: PowerLevel | null): PowerLevel | null {
  return power === "creator" || Number.isSafeInteger(power) ? power : null;
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

function isRoomId(text: string): boolean {
  return parseRoomId(text) !== null;
}

/** Half a character at the end could not be stored. */
function cut(text: string | null): string | null {
  return text === null ? null : text.slice(0, MAX_NAME).toWellFormed();
}

function word(text: string | null): string | null {
  return text !== null && text.length <= MAX_WORD ? text : null;
}
