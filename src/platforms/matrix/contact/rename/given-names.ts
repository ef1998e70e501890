import type { GivenName } from "../../../../model/contact.ts";
import type { StepOfRun } from "../../../../model/run.ts";
import type { Profile, RoomProfile } from "../../reading/account-reading.ts";
import { renameProfilePayload, renameRoomPayload } from "./payloads.ts";

/**
 * The names that steps give to the source, newest first. Steps that were never tried count as well:
 * a name that nobody sees changes nothing.
 * @param steps oldest first
 */
export function givenNamesOf(steps: readonly StepOfRun[]): GivenName[] {
  return steps.toReversed().flatMap(namesOfStep);
}

function namesOfStep({ kind, key, payload, runId }: StepOfRun): GivenName[] {
  const step = { runId, stepKey: key };
  if (kind === "rename_room") {
    const { data } = renameRoomPayload.safeParse(payload);
    return data === undefined
      ? []
      : [{ roomId: data.roomId, former: data.former, given: data.name, avatar: null, ...step }];
  }
  const { data } = kind === "rename_profile" ? renameProfilePayload.safeParse(payload) : {};
  if (data === undefined) return [];
  const given = { given: data.name, ...step };
  return [
    ...data.rooms.map((room) => ({ ...room, ...given })),
    { roomId: null, former: data.former, avatar: null, ...given },
  ];
}

/** The last giving of the name that the account shows, in one room or everywhere. */
export function givingOf(
  names: readonly GivenName[],
  { shown, roomId }: { shown: string | null; roomId: string | null },
): GivenName | null {
  const isThere = (name: GivenName): boolean => name.roomId === null || name.roomId === roomId;
  return names.find((name) => name.given === shown && isThere(name)) ?? null;
}

/** A source: its name and picture, everywhere and in rooms. */
interface NamedAccount {
  readonly profile: Profile;
  readonly roomProfiles: ReadonlyMap<string, RoomProfile>;
}

/**
 * The source with the names that the person chose, in place of those that the bot gave. With a new
 * global name the server writes the global picture into every room too, so pictures that were
 * chosen for a room count as well.
 */
export function withFormerNames<Account extends NamedAccount>(
  account: Account,
  names: readonly GivenName[],
  targetUserId: string,
): Account {
  const { profile, roomProfiles } = account;
  const formerIn = (roomId: string | null, own: RoomProfile): RoomProfile => {
    const shown = own.displayName;
    const giving = givingOf(names, { shown, roomId });
    if (giving === null) return { ...own, displayName: withoutNotice(shown, targetUserId) };
    const { former, avatar } = giving;
    const isOver = avatar !== null && own.avatarUrl === avatar.over;
    return { displayName: former, avatarUrl: isOver ? avatar.own : own.avatarUrl };
  };
  const { displayName } = formerIn(null, profile);
  return {
    ...account,
    profile: { ...profile, displayName },
    roomProfiles: new Map([...roomProfiles].map(([roomId, own]) => [roomId, formerIn(roomId, own)])),
  };
}

/**
 * A name without the usual notice about the new account. A bot whose data was erased, or another
 * one, may have given it.
 */
function withoutNotice(shown: string | null, targetUserId: string): string | null {
  const notice = ` (now ${targetUserId})`;
  return shown?.endsWith(notice) === true ? shown.slice(0, -notice.length) : shown;
}
