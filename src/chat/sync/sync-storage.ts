import type { IStorageProvider } from "matrix-bot-sdk";
import { z } from "zod";
import type { BotState } from "../../store/bot-state.ts";

const SYNC_POSITION_KEY = "sync.position";
const FILTER_KEY = "sync.filter";

// matrix-bot-sdk declares the ID of a filter as a number; servers make it a string, and the SDK
// only passes it on.
const filterSchema = z.object({
  id: z.custom<number>((id) => typeof id === "string" || typeof id === "number"),
  filter: z.unknown(),
});
/** Differs from every filter, so that the SDK makes one. */
const NO_FILTER = JSON.stringify({ id: 0, filter: null });

/** What matrix-bot-sdk wants kept, in our store. */
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
