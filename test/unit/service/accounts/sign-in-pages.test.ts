import { pino } from "pino";
import { describe, expect, it, onTestFinished } from "vitest";
import { createMatrixPlatform } from "../../../../src/platforms/matrix/platform.ts";
import type { BegunLink, SignInServer } from "../../../../src/platforms/sign-in.ts";
import { LinkSignIn } from "../../../../src/service/accounts/sign-in-by-link.ts";
import { openFetch } from "../../../integration/platforms/matrix/loopback-server.ts";
import { notScripted } from "../../../support/fakes/command-services.ts";
import { temporaryStore } from "../../../support/store/temporary-store.ts";

const ISSUER = "https://auth.good.example/";
const GOOD = "https://good.example";
const EVIL = "https://evil.example";
const PAGE = "https://auth.good.example/link";

/** A homeserver that names the authorization server of good.example as its own. */
function server(baseUrl: string): SignInServer {
  const begun: BegunLink = {
    userCode: "ABCDEF",
    verificationUri: PAGE,
    intervalMs: 60_000,
    expiresAt: 1_000_000,
    issuer: ISSUER,
    foreignHost: baseUrl === GOOD ? null : "auth.good.example",
  };
  return {
    baseUrl,
    beginLink: async () => begun,
    ...{
      options: notScripted,
      withPassword: notScripted,
      withToken: notScripted,
      end: notScripted,
      isShortLived: notScripted,
    },
  };
}

async function setUp() {
  const { store } = await temporaryStore();
  const log = pino({ level: "silent" });
  const introduction = { clientName: "Matrix Mover", clientUri: "https://mover.example.org" };
  const now = () => 1;
  const fetch = openFetch();
  const links = new LinkSignIn({
    accounts: store.accounts,
    links: store.signInLinks,
    authorizationServers: store.authorizationServers,
    platform: createMatrixPlatform({
      ...{ sessionStore: store.accounts, fetch, servers: {}, introduction, now, monotonicNow: now, log },
    }),
    introduction,
    notify: async () => undefined,
    inTurn: (_owner, work) => work(),
    refusedAsSame: async () => null,
    accept: notScripted,
    monotonicNow: now,
    now,
    log,
  });
  onTestFinished(() => links.stop());
  const begin = (owner: string, userId: string, baseUrl: string) =>
    links.begin({
      ...{ owner, side: "source", userId, deviceId: `DEVICE${owner}`, server: server(baseUrl) },
      address: {
        ...{ roomId: "!r:x", eventId: "$e", threadRoot: null, sender: owner },
        ...{ roomKind: "direct", isEncrypted: true },
      },
    });
  return { store, begin };
}

describe("a sign-in page in the domain of another homeserver", () => {
  it("is shown with its host while no other homeserver is known to use it", async () => {
    const { begin } = await setUp();
    expect(await begin("@me:x.org", "@a:evil.example", EVIL)).toMatchObject({
      foreignHost: "auth.good.example",
    });
  });

  it("is refused once an account of that homeserver was signed in there", async () => {
    const { store, begin } = await setUp();
    await store.authorizationServers.add(ISSUER, GOOD);
    expect(await begin("@me:x.org", "@a:evil.example", EVIL)).toEqual({
      code: "page_of_other_server",
      page: PAGE,
      other: GOOD,
    });
    expect(await store.signInLinks.all()).toEqual([]);
  });

  it("is refused while a link of that homeserver waits", async () => {
    const { begin } = await setUp();
    await begin("@her:x.org", "@b:good.example", GOOD);
    expect(await begin("@me:x.org", "@a:evil.example", EVIL)).toMatchObject({ other: GOOD });
  });

  it("does not keep the homeserver itself from using it", async () => {
    const { store, begin } = await setUp();
    await store.authorizationServers.add(ISSUER, EVIL);
    expect(await begin("@me:x.org", "@b:good.example", GOOD)).toMatchObject({ foreignHost: null });
  });
});
