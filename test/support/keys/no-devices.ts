import type { SessionDevices } from "../../../src/platforms/matrix/keys/emoji/crypto-accounts.ts";

/** No crypto accounts of sessions, for tests in which none is used. */
export const NO_DEVICES: SessionDevices = {
  keys: {
    get: () => Promise.resolve(null),
    put: () => Promise.resolve(false),
    sessions: () => Promise.resolve([]),
  },
  folder: "/nonexistent",
};
