import { pino } from "pino";
import { describe, expect, it, onTestFinished } from "vitest";
import type { Side } from "../../../../src/model/account.ts";
import { createMatrixPlatform } from "../../../../src/platforms/matrix/platform.ts";
import type { BegunLink, SignInServer } from "../../../../src/platforms/sign-in.ts";
import type { LinkNews } from "../../../../src/service/accounts/results.ts";
import { LinkSignIn } from "../../../../src/service/accounts/sign-in-by-link.ts";
import { openFetch } from "../../../integration/platforms/matrix/loopback-server.ts";
import { notScripted } from "../../../support/fakes/command-services.ts";
import { NO_DEVICES } from "../../../support/keys/no-devices.ts";
import { temporaryStore } from "../../../support/store/temporary-store.ts";

const ISSUER = "https://auth.good.example/";
const PAGE = "https://auth.good.example/link";
const ME = "@me:x.org";
const HER = "@her:x.org";

/** Homeservers that name the same authorization server as their own. */
const GOOD = { serverName: "good.example", baseUrl: "https://good.example", foreignHost: null };
const EVIL = {
  serverName: "evil.example",
  baseUrl: "https://evil.example",
  foreignHost: "auth.good.example",
};
/** Its authorization server is at a host that shares no domain with it. */
const HOSTED = {
  serverName: "hosted.example",
  baseUrl: "https://hosted.example",
  foreignHost: "auth.good.example",
};
type Homeserver = Omit<typeof GOOD, "foreignHost"> & { foreignHost: string | null };

function server({ baseUrl, foreignHost }: Homeserver): SignInServer {
  const begun: BegunLink = {
    userCode: "ABCDEF",
    verificationUri: PAGE,
    intervalMs: 60_000,
    expiresAt: 1_000_000,
    issuer: ISSUER,
    foreignHost,
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
  const platform = createMatrixPlatform({
    ...{
      sessionStore: store.accounts,
      devices: NO_DEVICES,
      fetch,
      servers: {},
      introduction,
      now,
      monotonicNow: now,
      log,
    },
  });
  const news: LinkNews[] = [];
  const discarded: string[] = [];
  const confirmed = new Set<string>();
  const create = () => {
    const links = new LinkSignIn({
      accounts: store.accounts,
      links: store.signInLinks,
      authorizationServers: store.authorizationServers,
      platform: {
        ...platform,
        signIn: {
          ...platform.signIn,
          pollLink: async ({ userId }) =>
            confirmed.has(userId)
              ? { kind: "confirmed", tokens: { accessToken: "token" } }
              : { kind: "pending" },
          proveLink: async ({ userId, deviceId }) => ({
            kind: "signed_in",
            session: { userId, deviceId, tokens: { accessToken: "token" } },
          }),
          discardLink: async ({ userId }) => {
            discarded.push(userId);
            return true;
          },
        },
      },
      introduction,
      notify: async (_link, each) => void news.push(each),
      inTurn: (_owner, work) => work(),
      refusedAsSame: async () => null,
      accept: async ({ owner, side, userId, baseUrl, deviceId }) => ({
        account: { owner, side, userId, baseUrl, deviceId, method: "link", signedInAt: 1 },
        other: null,
        replaced: null,
      }),
      monotonicNow: now,
      now,
      log,
    });
    onTestFinished(() => links.stop());
    return links;
  };
  const links = create();
  const begin = (owner: string, homeserver: Homeserver, side: Side = "source") =>
    links.begin({
      ...{ owner, side, userId: `@a:${homeserver.serverName}`, deviceId: `DEVICE${side}${owner}` },
      server: server(homeserver),
      address: {
        ...{ roomId: "!r:x", eventId: "$e", threadRoot: null, sender: owner },
        ...{ roomKind: "direct", isEncrypted: true },
      },
    });
  /** The person confirms a pending link. A new process polls it at once. */
  const confirm = async ({ serverName }: Homeserver): Promise<LinkNews | undefined> => {
    confirmed.add(`@a:${serverName}`);
    await create().start();
    const ends = () => news.filter(({ kind }) => kind !== "waiting");
    await expect.poll(() => ends()).not.toEqual([]);
    return ends().at(-1);
  };
  const known = (homeserver: Homeserver) =>
    store.authorizationServers.add(ISSUER, homeserver, { isOwn: homeserver.foreignHost === null });
  return { store, begin, confirm, known, discarded };
}

const refused = (by: Homeserver) => ({ code: "page_of_other_server", page: PAGE, other: by.serverName });
const shown = { foreignHost: "auth.good.example" };

describe("a sign-in page in the domain of another homeserver", () => {
  it("is shown with its host while no other homeserver is known to use it", async () => {
    const { begin } = await setUp();
    expect(await begin(ME, EVIL)).toMatchObject(shown);
  });

  it("is refused once an account of that homeserver was signed in there", async () => {
    const { store, begin, confirm } = await setUp();
    await begin(HER, GOOD);
    expect(await confirm(GOOD)).toMatchObject({ kind: "signed_in" });
    expect(await begin(ME, EVIL)).toEqual(refused(GOOD));
    expect(await store.signInLinks.get(ME, "source")).toBeNull();
  });

  it("is refused while a link of the same person at that homeserver waits", async () => {
    const { begin } = await setUp();
    await begin(ME, GOOD, "target");
    expect(await begin(ME, EVIL, "source")).toEqual(refused(GOOD));
  });

  it("is refused after it was confirmed, if that homeserver was signed in to meanwhile", async () => {
    const { begin, confirm, known, discarded } = await setUp();
    await begin(ME, EVIL);
    await known(GOOD);
    expect(await confirm(EVIL)).toMatchObject({ kind: "refusal", refusal: refused(GOOD) });
    expect(discarded).toEqual(["@a:evil.example"]);
  });

  it("is refused after it was confirmed, if the same person has begun a link at that homeserver", async () => {
    const { begin, confirm, discarded } = await setUp();
    await begin(ME, EVIL, "source");
    await begin(ME, GOOD, "target");
    expect(await confirm(EVIL)).toMatchObject({ kind: "refusal", refusal: refused(GOOD) });
    expect(discarded).toEqual(["@a:evil.example"]);
  });

  it("does not keep the homeserver itself from using it", async () => {
    const { begin, known } = await setUp();
    await known(EVIL);
    expect(await begin(ME, GOOD)).toMatchObject({ foreignHost: null });
  });

  it("belongs to the homeserver in whose domain it is, whoever was signed in there before", async () => {
    const { begin, known } = await setUp();
    await known(EVIL);
    await known(GOOD);
    expect(await begin(ME, EVIL)).toEqual(refused(GOOD));
  });

  it("is not refused because somebody else has begun a link at another homeserver", async () => {
    const { begin } = await setUp();
    await begin(HER, EVIL);
    expect(await begin(ME, HOSTED)).toMatchObject(shown);
  });

  it.each([
    { what: "client API address", now: { ...HOSTED, baseUrl: "https://matrix.hosted.example" } },
    { what: "name in a typed user ID", now: { ...HOSTED, serverName: "Hosted.Example" } },
    { what: "name, at the same address", now: { ...HOSTED, serverName: "other-name.example" } },
  ])("is shown for a known homeserver with another $what", async ({ now }) => {
    const { begin, known } = await setUp();
    await known(HOSTED);
    expect(await begin(ME, now)).toMatchObject(shown);
  });
});
