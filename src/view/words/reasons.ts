import type { Help, PowerLevel, Reason, Warning, WordedReason, WordedWarning } from "../../model/routes.ts";
import { reasonFromFile } from "./from-file.ts";

/**
 * Why the bot alone cannot bring the new account into a room, in a sentence or two. Plain text:
 * user IDs, server names and a server's words in it are data. Clean and escape them wherever they
 * are shown.
 * @param isFromFile nobody has signed in the old account
 */
export function reasonText(reason: Reason | WordedReason, isFromFile = false): string {
  if ("text" in reason) return reason.text;
  const fromFile = isFromFile ? reasonFromFile(reason) : null;
  if (fromFile !== null) return fromFile;
  switch (reason.code) {
    case "no_invite_power":
      return noInvitePower(reason);
    case "join_rule_private":
      return `The room is closed: nobody new can join, not even with an invitation. ${reason.isSourceAble ? "You can change that" : "An admin must change that"} in the room's settings.`;
    case "unknown_join_rule":
      return reason.joinRule === null
        ? "The room's rule for joining is missing or invalid, so nobody new gets in. An admin must set it again."
        : `The room's rule for joining, “${reason.joinRule}”, is not known${reason.roomVersion === null ? "" : ` in room version ${reason.roomVersion}`}. An admin must choose another one.`;
    case "not_federated":
      return `The room is only for accounts on ${reason.serverName ?? "the server it was made on"}.`;
    case "server_acl":
      return `The room shuts out the server ${reason.serverName}. ${reason.isSourceAble ? "Your old account may change that: take the server off the room's list first." : "Someone must take it off the room's list."}`;
    case "source_server_acl":
      return `The room shuts out the server ${reason.serverName}, so nothing that the old account does there reaches the others. Someone else must invite the new account.`;
    case "server_notices":
      return `These are notices that the server ${reason.serverName} sends to its own accounts.`;
    case "room_version":
      return roomVersionText(reason);
    case "target_banned":
      return `The new account is banned from the room. ${reason.isSourceAble ? "Your old account may lift the ban." : "Someone must lift the ban."}`;
    case "source_banned":
      return "The old account is banned from the room. The bot does not bypass a ban.";
    case "source_not_joined":
      return sourceNotJoined(reason);
    case "space_unreachable":
      return `The room is open to members of a space that the new account cannot join by itself.${reason.isReplaced === true ? " That space was replaced by a newer one: an admin can put the newer one into the room's rule." : ""}`;
    case "invite_blocked":
      return "The new account's settings refuse invitations. Allow them, then plan again.";
    case "unreadable":
      return `The server ${reason.serverName} does not show this room just now. It is looked at again later.`;
    case "no_helper":
      if (reason.isEmpty === true) return "Nobody is left in the room, so nobody can let anyone in.";
      return `${capitalised(helpText(reason.help))}${reason.required === null ? ":" : ` needs power ${reason.required}, and`} nobody in the room may do it.`;
    case "blocked_by_server":
      return withServersWords(
        "The new server keeps this room out. Its admin could allow it.",
        reason.serverText,
      );
    case "account_limit":
      return withServersWords("Your own server lets the account join or invite no more.", reason.serverText);
    case "unreachable_server":
      return withServersWords("No server of this room answers. Try again later.", reason.serverText);
    case "refused":
      return reason.by === undefined
        ? withServersWords("The server refused.", reason.serverText)
        : refusedByPerson(reason.by, reason.serverText);
  }
}

/** What the person should know about a room before the start. Plain text, as above. */
export function warningText(warning: Warning | WordedWarning): string {
  if ("text" in warning) return warning.text;
  switch (warning.code) {
    case "history_hidden":
      return historyText(warning.visibility);
    case "encrypted_history":
      return "Encrypted: old messages stay unreadable until their keys are copied.";
    case "power_not_transferable":
      return `The new account cannot get power ${warning.wanted} from the old one${whyNotGiven(warning)}. ${whoCould(warning.helpers.map((helper) => helper.userId))}`;
    case "creator_not_transferable":
      return `Being a room's creator cannot be passed on. The new account gets power ${warning.level}.`;
    case "last_admin":
      return "Nobody else here can change permissions. Do not leave before the new account can.";
    case "only_member":
      return "The old account is alone in this room.";
    case "policy_server":
      return `The server ${warning.serverName} checks what is sent in this room and may refuse.`;
  }
}

function noInvitePower(reason: Extract<Reason, { code: "no_invite_power" }>): string {
  if (!reason.isSourceJoined)
    return "The old account is not in this room, so it cannot invite. Someone inside must.";
  if (reason.required === null)
    return "The room's permissions cannot be read, so nobody knows who may invite.";
  return `Inviting needs power ${reason.required}; the old account has ${reason.source === null ? "none that can be read" : powerText(reason.source)}.`;
}

function roomVersionText({
  roomVersion,
  isKnown,
  serverName,
}: Extract<Reason, { code: "room_version" }>): string {
  if (roomVersion === null) return "The room does not say which version it has, so its rules are not known.";
  if (!isKnown) return `Room version ${roomVersion} is not known, so its rules are not either.`;
  return `The server ${serverName ?? "of the new account"} does not support room version ${roomVersion}. Its admin can update the server.`;
}

function sourceNotJoined({ membership, inviter }: Extract<Reason, { code: "source_not_joined" }>): string {
  if (membership === "knock") return "The old account only asked to join. Ask again with the new account.";
  return `The old account is invited but has not joined. Ask ${inviter ?? "whoever invited it"} to invite the new account; they may have left the room since.`;
}

function historyText(visibility: string | null): string {
  if (visibility === "joined") return "New members see only what is written after they join.";
  if (visibility === "invited") return "New members see only what is written after they are invited.";
  return "Old messages may be hidden from new members.";
}

function helpText(help: Help): string {
  if (help === "invite") return "inviting";
  return help === "unban" ? "lifting the ban" : "changing which servers may take part";
}

function whyNotGiven({
  required,
  source,
  isSourceShutOut,
}: Extract<Warning, { code: "power_not_transferable" }>): string {
  if (isSourceShutOut) return ": the room shuts out the old account's server";
  return required === null ? "" : `: that needs power ${required}, the old account has ${powerText(source)}`;
}

function whoCould(userIds: readonly string[]): string {
  if (userIds.length === 0) return "Nobody else in the room could give it.";
  return `${userIds.slice(0, 3).join(", ")}${userIds.length > 3 ? " and others" : ""} could give it.`;
}

function powerText(power: PowerLevel): string {
  return power === "creator" ? "a creator's power" : String(power);
}

function withServersWords(sentence: string, serverText: string | null): string {
  return serverText === null ? sentence : `${sentence} It says: ${serverText}`;
}

function refusedByPerson(
  { userId, displayName, did }: NonNullable<Extract<Reason, { code: "refused" }>["by"]>,
  words: string | null,
): string {
  const who = displayName === null ? userId : `${displayName} (${userId})`;
  const what = did === "removed" ? "removed the new account from the room" : "declined the knock";
  return words === null ? `${who} ${what}.` : `${who} ${what}: “${words}”.`;
}

function capitalised(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;
}
