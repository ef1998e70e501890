import type { FinishState } from "../../model/finish-state.ts";
import { finishStateFormat } from "../../model/finish-state.ts";
import type { Contacts } from "../../store/contacts.ts";

/** What the servers said last about the end of each person's move. */
export class FinishStates {
  readonly #contacts: Pick<Contacts, "lastFinishState" | "saveFinishState">;

  constructor(contacts: Pick<Contacts, "lastFinishState" | "saveFinishState">) {
    this.#contacts = contacts;
  }

  /** `null`: none was stored, or another version of the bot stored it. */
  async last(owner: string): Promise<FinishState | null> {
    const row = await this.#contacts.lastFinishState(owner);
    return row === null ? null : finishStateFormat.fromStored(row.state);
  }

  async save(owner: string, state: FinishState): Promise<void> {
    const { source, at } = state;
    await this.#contacts.saveFinishState({ owner, source }, { at, state: finishStateFormat.toStored(state) });
  }
}
