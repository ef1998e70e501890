import type { FileContact, FileRoom } from "./room-file.ts";

/**
 * A room that two files have. The newer file counts. What it does not know is taken from the older
 * one.
 */
export function mergedRoom(newer: FileRoom, older: FileRoom): FileRoom {
  return {
    roomId: newer.roomId,
    membership: newer.membership ?? older.membership,
    name: newer.name ?? older.name,
    alias: newer.alias ?? older.alias,
    aliases: filled(newer.aliases, older.aliases),
    via: filled(newer.via, older.via),
    version: newer.version ?? older.version,
    joinRule: newer.joinRule ?? older.joinRule,
    // A list of rooms belongs to its join rule.
    allow: newer.joinRule === null ? filled(newer.allow, older.allow) : newer.allow,
    encrypted: newer.encrypted ?? older.encrypted,
    direct: newer.direct ?? older.direct,
    partner: newer.partner ?? older.partner,
    tags: Object.keys(newer.tags).length > 0 ? newer.tags : older.tags,
    power: newer.power ?? older.power,
    memberCount: newer.memberCount ?? older.memberCount,
    helpers: filled(newer.helpers, older.helpers),
    successor: newer.successor ?? older.successor,
    link: newer.link ?? older.link,
  };
}

/** Nobody has so many direct chats with one person. */
const MAX_ROOMS_OF_CONTACT = 200;

/** A person whom two files have: with the rooms of both. */
export function mergedContact(newer: FileContact, older: FileContact): FileContact {
  return {
    userId: newer.userId,
    displayName: newer.displayName ?? older.displayName,
    rooms: [...new Set([...newer.rooms, ...older.rooms])].slice(0, MAX_ROOMS_OF_CONTACT),
  };
}

function filled<Item>(newer: Item[], older: Item[]): Item[] {
  return newer.length > 0 ? newer : older;
}
