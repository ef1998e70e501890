import { pino } from "pino";
import { describe, expect, it } from "vitest";
import type { RoomKind } from "../../../../src/model/conversation-address.ts";
import { createMatrixPlatform } from "../../../../src/platforms/matrix/platform.ts";
import type { SignInServer } from "../../../../src/platforms/sign-in.ts";
import { SignIn } from "../../../../src/service/accounts/sign-in.ts";
import { openFetch } from "../../../integration/platforms/matrix/loopback-server.ts";
import { notScripted } from "../../../support/fakes/command-services.ts";
import { NO_DEVICES } from "../../../support/keys/no-devices.ts";
import { temporaryStore } from "../../../support/store/temporary-store.ts";

const OWNER = "@asks:x.org";

/** A server that offers a link and never sees it confirmed. */
const server: SignInServer = {
  baseUrl: "https://old.example",
  beginLink: async () => ({
    userCode: "ABCDEF",
    verificationUri: "https://old.example/link",
    intervalMs: 60_000,
    expiresAt: 1e15,
    issuer: "https://old.example/",
    foreignHost: null,
  }),
  options: notScripted,
  withPassword: notScripted,
  withToken: notScripted,
  end: notScripted,
  isShortLived: notScripted,
};

describe("a sign-in by link", () => {
  it.each<{ roomKind: RoomKind; askedBy: string | null }>([
    { roomKind: "direct", askedBy: null },
    { roomKind: "control", askedBy: OWNER },
  ])("in a $roomKind room is shown with who asked for it: $askedBy", async ({ roomKind, askedBy }) => {
    const { store } = await temporaryStore();
    const introduction = { clientName: "Matrix Mover", clientUri: "https://mover.example.org" };
    const log = pino({ enabled: false });
    const base = { fetch: openFetch(), servers: {}, introduction, now: () => 1, monotonicNow: () => 1, log };
    const platform = createMatrixPlatform({ ...base, sessionStore: store.accounts, devices: NO_DEVICES });
    const signIn = new SignIn({
      accounts: store.accounts,
      links: store.signInLinks,
      authorizationServers: store.authorizationServers,
      platform: { ...platform, signIn: { ...platform.signIn, serverOf: async () => server } },
      introduction,
      notify: async () => undefined,
      monotonicNow: () => 1,
      now: () => 1,
      log,
    });
    const address = {
      ...{ roomId: "!r", eventId: "$e", threadRoot: null, roomKind, sender: OWNER, isEncrypted: true },
    };
    const offer = await signIn.offer(OWNER, "source", "@victim:old.example", address);
    expect(offer).toMatchObject({ status: "link", link: { askedBy } });
    await signIn.stop();
  });
});
