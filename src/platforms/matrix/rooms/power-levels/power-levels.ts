import type { JsonObject } from "../../api/json.ts";
import { isJsonObject } from "../../api/json.ts";
import type { RoomVersionRules } from "../room-version.ts";
import type { StateRead } from "../state-read.ts";
import { MALFORMED, present } from "../state-read.ts";
import { readLevel } from "./read-level.ts";

/**
 * The content of `m.room.power_levels` with every default filled in. `null`: present, but not
 * readable in this room's version.
 */
export interface PowerLevels {
  users: ReadonlyMap<string, number | null>;
  /** The level of users who are not in `users`; also `null` if `users` itself cannot be read. */
  usersDefault: number | null;
  events: ReadonlyMap<string, number | null>;
  stateDefault: number | null;
  eventsDefault: number | null;
  invite: number | null;
  kick: number | null;
  ban: number | null;
  redact: number | null;
  notifications: ReadonlyMap<string, number | null>;
}

/**
 * Levels in a room without the event (CS §m.room.power_levels). The members' own levels depend on
 * the creator, whom only the caller knows.
 */
export const LEVELS_WITHOUT_EVENT = {
  invite: 0,
  kick: 50,
  ban: 50,
  redact: 50,
  stateDefault: 50,
  eventsDefault: 0,
  usersDefault: 0,
} as const;

/** Reads untrusted content in linear time. A missing key has the specification's default. */
export function readPowerLevels(content: unknown, rules: RoomVersionRules | null): StateRead<PowerLevels> {
  if (!isJsonObject(content)) return MALFORMED;
  const users = readLevels(content, "users", rules);
  const events = readLevels(content, "events", rules);
  const usersDefault = named(content, "users_default", LEVELS_WITHOUT_EVENT.usersDefault, rules);
  const stateDefault = named(content, "state_default", LEVELS_WITHOUT_EVENT.stateDefault, rules);
  const eventsDefault = named(content, "events_default", LEVELS_WITHOUT_EVENT.eventsDefault, rules);
  return present({
    users: users ?? new Map(),
    usersDefault: users === null ? null : usersDefault,
    events: events ?? new Map(),
    stateDefault: events === null ? null : stateDefault,
    eventsDefault: events === null ? null : eventsDefault,
    invite: named(content, "invite", LEVELS_WITHOUT_EVENT.invite, rules),
    kick: named(content, "kick", LEVELS_WITHOUT_EVENT.kick, rules),
    ban: named(content, "ban", LEVELS_WITHOUT_EVENT.ban, rules),
    redact: named(content, "redact", LEVELS_WITHOUT_EVENT.redact, rules),
    notifications: readLevels(content, "notifications", rules) ?? new Map(),
  });
}

function named(
  content: JsonObject,
  key: string,
  byDefault: number,
  rules: RoomVersionRules | null,
): number | null {
  return key in content ? readLevel(content[key], rules) : byDefault;
}

function readLevels(
  content: JsonObject,
  key: string,
  rules: RoomVersionRules | null,
): Map<string, number | null> | null {
  if (!(key in content)) return new Map();
  const levels = content[key];
  if (!isJsonObject(levels)) return null;
  return new Map(Object.entries(levels).map(([name, value]) => [name, readLevel(value, rules)]));
}
