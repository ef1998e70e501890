import type { Proposal } from "../../../contact.ts";
import type { NameChange, RenameFacts, RenameLeftReason } from "../../../telling.ts";
import type { AccountContents } from "../../categories/contents.ts";
import type { RoomPlan } from "../../planning/plan-rooms.ts";
import type { AccountReading } from "../../reading/account-reading.ts";
import type { ContactInput } from "../contact-input.ts";

/** The parts of `ContactInput` that decide about names of the source. */
export type RenamingInput = Pick<ContactInput, "parties" | "givenNames"> & {
  readonly readings: { readonly source: Pick<AccountReading, "profile" | "roomProfiles"> };
  readonly shown: Pick<AccountReading, "profile" | "roomProfiles"> & {
    readonly snapshot: Pick<AccountReading["snapshot"], "rooms">;
    readonly capabilities: AccountContents["capabilities"];
  };
  readonly decided: Pick<RoomPlan, "rooms">;
};

/** Nothing is done, for one reason. */
export function noRenaming(left: RenameLeftReason): Proposal<RenameFacts> {
  return {
    facts: { account: null, named: [], leftRooms: [], left },
    exact: { left },
    steps: [],
    rooms: [],
  };
}

/** Names in rooms in a stable order: a server lists rooms in another order after each event. */
export function exactNames(named: readonly (NameChange & { readonly roomId: string })[]): string[] {
  return named.map(({ roomId, from, to }) => JSON.stringify([roomId, from, to])).toSorted();
}
