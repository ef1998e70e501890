import type { IStorageProvider } from "matrix-bot-sdk";
import { z } from "zod";
import type { BotState } from "../../store/bot-state.ts";

const SYNC_POSITION_KEY = "sync.position";
const FILTER_KEY = "sync.filter";

// matrix-bot-sdk declares filter IDs as numbers. Servers send strings, and the SDK only passes them
// on.
const filterSchema = z.object({
  id: z.custom<number>((id) => typeof id === "string" || typeof id === "number"),
  filter: z.unknown(),
});
/** Differs from every filter, so that the SDK creates one. */
const NO_FILTER = JSON.stringify({ id: 0, filter: null });

/** The storage that matrix-bot-sdk asks for, in our store. */
export function syncStorage(state: BotState): IStorageProvider {
  return {
    getSyncToken: () => state.get(SYNC_POSITION_KEY),
    setSyncToken: (token) => state.set(SYNC_POSITION_KEY, token),
    getFilter: async () => filterSchema.parse(JSON.parse((await state.get(FILTER_KEY)) ?? NO_FILTER)),
    setFilter: (filter) => state.set(FILTER_KEY, JSON.stringify(filter)),
    readValue: (key) => state.get(`sdk.${key}`),
    storeValue: (key, value) => state.set(`sdk.${key}`, value),
  };
}
