import { AccountOnServer } from "../servers/account-on-server.ts";

export interface ModeratedRoom {
  readonly name: string;
  /** They join. */
  readonly members: readonly AccountOnServer[];
  /** Levels besides the moderator's 100. */
  readonly users?: Readonly<Record<string, number>>;
  readonly topic?: string;
  readonly isEncrypted?: boolean;
  /** Default `invite`. */
  readonly joinRule?: string;
  /** Level to send messages; default 0. */
  readonly speakLevel?: number;
  /** Level to change permissions and other state; default 50. */
  readonly stateLevel?: number;
}

/** Somebody with power in rooms, who acts through their own server as their app would. */
export class Moderator extends AccountOnServer {
  /** Inviting takes 50. */
  async makeRoom(room: ModeratedRoom): Promise<string> {
    const {
      name,
      members,
      users = {},
      topic,
      isEncrypted = false,
      joinRule = "invite",
      speakLevel = 0,
    } = room;
    const made = await this.act("POST", "/createRoom", {
      name,
      ...(topic !== undefined && { topic }),
      preset: "private_chat",
      room_version: "11",
      initial_state: [
        { type: "m.room.join_rules", state_key: "", content: { join_rule: joinRule } },
        ...(isEncrypted ? [ENCRYPTION] : []),
      ],
      power_level_content_override: {
        invite: 50,
        events_default: speakLevel,
        ...(room.stateLevel !== undefined && { state_default: room.stateLevel }),
        users: { [this.userId]: 100, ...users },
      },
      invite: members.map(({ userId }) => userId),
    });
    const roomId = String(made["room_id"]);
    for (const member of members) await member.act("POST", `/join/${encodeURIComponent(roomId)}`);
    return roomId;
  }

  async letIn(userId: string, roomId: string): Promise<void> {
    await this.act("POST", `/rooms/${encodeURIComponent(roomId)}/invite`, { user_id: userId });
  }

  async accept(roomId: string): Promise<void> {
    await this.act("POST", `/join/${encodeURIComponent(roomId)}`);
  }

  /** Declines an invitation, or leaves. */
  async leave(roomId: string): Promise<void> {
    await this.act("POST", `/rooms/${encodeURIComponent(roomId)}/leave`);
  }

  async setState(roomId: string, type: string, content: unknown): Promise<void> {
    await this.act("PUT", `/rooms/${encodeURIComponent(roomId)}/state/${type}/`, content);
  }

  /**
   * The server then answers every invitation with 403 M_INVITE_BLOCKED (CS §Invite permission).
   */
  async blockInvitations(): Promise<void> {
    const path = `/user/${encodeURIComponent(this.userId)}/account_data/m.invite_permission_config`;
    await this.act("PUT", path, { default_action: "block" });
  }
}

/** The state that makes a room encrypted. */
export const ENCRYPTION = {
  type: "m.room.encryption",
  state_key: "",
  content: { algorithm: "m.megolm.v1.aes-sha2" },
};
