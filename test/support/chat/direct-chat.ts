import type { Person } from "../../lab/person/person.ts";
import { textOf } from "../../lab/person/person.ts";
import type { Account, World } from "../environments/bot-environment.ts";

/** A person in a chat with the bot alone. */
export interface Chat {
  readonly roomId: string;
  readonly person: Person;
  /** Says something and resolves with the bot's whole answer. */
  ask(text: string): Promise<string>;
}

/** Opens a client for the account and a direct chat that the bot has joined. */
export async function openChat(world: World, account: Account, { encrypted = false } = {}): Promise<Chat> {
  const person = await world.client(account, { encryption: encrypted });
  return chatIn(world, person, await world.directChat(person, { encrypted }));
}

export function chatIn(world: World, person: Person, roomId: string): Chat {
  return { person, roomId, ask: async (text) => textOf(await world.answer(person, roomId, text)) };
}
