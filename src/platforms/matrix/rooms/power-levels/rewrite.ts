import { isJsonObject } from "../../api/json.ts";
import type { JsonObject } from "../../api/json.ts";
import { roomVersionRules } from "../room-version.ts";
import { LEVELS_WITHOUT_EVENT } from "./power-levels.ts";
import { readLevel } from "./read-level.ts";

const NAMED_LEVELS = [
  "users_default",
  "events_default",
  "state_default",
  "ban",
  "redact",
  "kick",
  "invite",
] as const;
const LEVEL_MAPS = ["users", "events", "notifications"] as const;

/** What the new content is made from, all read just before it is written. */
export interface PowerLevelsRewrite {
  /** Content of the event as it stands; `null` when the room has none. */
  content: unknown;
  roomVersion: string | null;
  /**
   * Who created the room: before version 12 a first event must keep the creator's 100, from 12 on
   * creators must not be in it.
   */
  creators: readonly string[];
  userId: string;
  /** `null`: the user's own entry goes, and the level of everybody counts. */
  level: number | null;
}

/**
 * `unchanged`: the user has the level already. `unreadable`: a level in the event is none in this
 * room's version, so writing it back would be refused or would change it. `is_creator`: the user is
 * above every level and must not stand in the event. `unknown_version`: its rules are not known.
 */
export type PowerLevelsContent =
  | { kind: "content"; content: JsonObject }
  | { kind: "unchanged" | "unreadable" | "is_creator" | "unknown_version" };

/**
 * The content to write so that one user gets a level: every other key stays as it is, and every
 * level becomes an integer, since Synapse refuses anything else in new events whatever the room's
 * version (protocol-facts.md section 3).
 */
export function powerLevelsContent(rewrite: PowerLevelsRewrite): PowerLevelsContent {
  const { content, roomVersion, creators, userId, level } = rewrite;
  const rules = roomVersionRules(roomVersion);
  if (rules === null) return { kind: "unknown_version" };
  if (rules.hasInfiniteCreators && creators.includes(userId)) return { kind: "is_creator" };
  if (content === null) {
    if (level === null) return { kind: "unchanged" };
    return {
      kind: "content",
      content: firstContent(rules.hasInfiniteCreators ? [] : creators, userId, level),
    };
  }
  if (!isJsonObject(content)) return { kind: "unreadable" };
  const integers: Record<string, unknown> = { ...content };
  for (const name of NAMED_LEVELS) {
    if (!(name in content)) continue;
    const value = readLevel(content[name], rules);
    if (value === null) return { kind: "unreadable" };
    integers[name] = value;
  }
  for (const name of LEVEL_MAPS) {
    if (!(name in content)) continue;
    const levels = content[name];
    if (!isJsonObject(levels)) return { kind: "unreadable" };
    const entries = Object.entries(levels).map(([key, value]) => [key, readLevel(value, rules)] as const);
    if (entries.some(([, value]) => value === null)) return { kind: "unreadable" };
    integers[name] = Object.fromEntries(entries);
  }
  const users = integers["users"] ?? {};
  if (!isJsonObject(users)) return { kind: "unreadable" };
  const { [userId]: before, ...others } = users;
  if ((before ?? null) === level) return { kind: "unchanged" };
  integers["users"] = level === null ? others : { ...users, [userId]: level };
  return { kind: "content", content: integers };
}

/**
 * All defaults spelled out: an event with nothing but `users` would take the creator's power away.
 */
function firstContent(creators: readonly string[], userId: string, level: number): JsonObject {
  return {
    users: { ...Object.fromEntries(creators.map((creator) => [creator, 100])), [userId]: level },
    users_default: LEVELS_WITHOUT_EVENT.usersDefault,
    events: {},
    events_default: LEVELS_WITHOUT_EVENT.eventsDefault,
    state_default: LEVELS_WITHOUT_EVENT.stateDefault,
    ban: LEVELS_WITHOUT_EVENT.ban,
    kick: LEVELS_WITHOUT_EVENT.kick,
    redact: LEVELS_WITHOUT_EVENT.redact,
    invite: LEVELS_WITHOUT_EVENT.invite,
    notifications: { room: 50 },
  };
}
