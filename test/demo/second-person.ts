import type { HomeserverPair } from "../lab/homeservers/pair.ts";
import type { PopulatedPerson } from "../lab/population/population.ts";
import { moderator } from "../support/contact/contact-world.ts";
import { Moderator } from "../support/contact/moderator.ts";
import { AccountOnServer } from "../support/servers/account-on-server.ts";

/** Somebody who leaves the old server when it is nearly too late, and their rooms. */
export interface SecondPerson {
  readonly old: PopulatedPerson;
  readonly new: PopulatedPerson;
  /** Somebody on the new server, who has power in the first four rooms. */
  readonly friend: PopulatedPerson;
  readonly rooms: Readonly<Record<SecondRoom, string>>;
}

/**
 * A public room, a public space, a room for the members of the space, and a closed one: all on the
 * living server. The last one is closed and on the old server alone.
 */
export const SECOND_ROOMS = ["garden", "space", "shed", "committee", "cellar"] as const;
export type SecondRoom = (typeof SECOND_ROOMS)[number];

/** Bea, her friend Cem on the new server, and the rooms that she shares with others. */
export async function makeSecondPerson(pair: HomeserverPair): Promise<SecondPerson> {
  const sign = async (
    displayName: string,
    localpart: string,
    side: "old" | "new",
  ): Promise<PopulatedPerson> => {
    const password = `${localpart}-Heron-2381`;
    const account = await pair[side].registerUser({ localpart, password, displayName });
    return { ...account, password, displayName, side };
  };
  const [oldBea, newBea] = [await sign("Bea", "bea", "old"), await sign("Bea", "bea.b", "new")];
  const bea = new AccountOnServer(pair, oldBea);
  const friend = await sign("Cem", "cem", "new");
  const cem = new Moderator(pair, friend);
  const dee = await moderator({ pair }, "Dee", "old");
  const make = async (name: string, content: Record<string, unknown>, isSpace = false): Promise<string> => {
    const { room_id: made } = await cem.act("POST", "/createRoom", {
      ...{ name, preset: "public_chat", room_version: "11" },
      ...(isSpace && { creation_content: { type: "m.space" } }),
      initial_state: [{ type: "m.room.join_rules", state_key: "", content }],
      invite: [bea.userId],
    });
    const roomId = String(made);
    await bea.act("POST", `/join/${encodeURIComponent(roomId)}`);
    return roomId;
  };
  const garden = await make("Bea's Garden", { join_rule: "public" });
  const space = await make("Allotments", { join_rule: "public" }, true);
  const allow = [{ type: "m.room_membership", room_id: space }];
  const shed = await make("Tool Shed", { join_rule: "restricted", allow });
  const committee = await cem.makeRoom({ name: "Committee", members: [bea] });
  const cellar = await dee.makeRoom({ name: "Cellar", members: [bea] });
  return {
    old: oldBea,
    new: newBea,
    friend,
    rooms: { garden, space, shed, committee, cellar },
  };
}
