import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { forgetPerson } from "../../../src/service/forget.ts";
import { matrixTokensSchema } from "../../../src/platforms/matrix/sign-in/session-renewal.ts";
import { bytesIn } from "../../support/store/temporary-store.ts";
import { startFaultProxy } from "../../support/faults/fault-proxy.ts";
import { callServer } from "../../support/servers/server-api.ts";
import type { Delegation, Mover } from "./delegation.ts";
import { INTRODUCTION, OWNER, signInByLink, startDelegation, startMover } from "./delegation.ts";

/** For what comes within seconds, on a slow and busy machine. */
const SOON_MS = 60_000;

/** Nobody moves here. */
const control = { abandon: async () => undefined };

let delegation: Delegation;
let mover: Mover;

beforeAll(async () => {
  delegation = await startDelegation({});
});
afterAll(() => delegation.close());
beforeEach(async () => {
  mover = await startMover(delegation);
});
afterEach(async () => {
  delegation.oauth.setRule();
  await delegation.oauth.start();
  await mover.stop();
});

interface Device {
  device_id: string;
  display_name?: string;
}

/** Devices of an account beside the one through which this looks. */
async function devicesOf(localpart: string): Promise<Device[]> {
  const { accessToken, deviceId } = await delegation.oauth.openSession(localpart);
  const { body } = await callServer(delegation.pair.old, accessToken, "GET", "/_matrix/client/v3/devices");
  return (body["devices"] as Device[]).filter(({ device_id }) => device_id !== deviceId);
}

/** Requests of clients from here on, by path. */
function counting(): (path: string) => number {
  const from = delegation.oauth.requests.length;
  return (path) => delegation.oauth.requests.slice(from).filter((request) => request.path === path).length;
}

describe("signing in by link", () => {
  it("takes an address and a code, makes one named session, and keeps its secrets sealed", async () => {
    const user = await delegation.addUser("ada");
    const before = delegation.oauth.requests.length;
    const link = await mover.link("source", user.userId);
    expect(link).toMatchObject({
      ...INTRODUCTION,
      verificationUri: `${delegation.oauth.issuer}/link`,
      userId: user.userId,
    });
    expect(link.userCode).toMatch(/^[A-Z]{6}$/);
    await delegation.oauth.approve(link.userCode, user.localpart);
    expect(await mover.ending("source")).toMatchObject({
      kind: "signed_in",
      account: { method: "link", userId: user.userId },
      other: null,
      replaced: null,
    });
    await vi.waitFor(async () => expect(await mover.store.signInLinks.all()).toEqual([]), SOON_MS);
    const session = await mover.store.accounts.session(OWNER, "source");
    const account = await mover.store.accounts.get(OWNER, "source");
    expect(await devicesOf(user.localpart)).toMatchObject([
      { device_id: account?.deviceId, display_name: "Matrix Mover" },
    ]);
    expect(account?.deviceId).toMatch(/^[A-Z]{12}$/);
    expect(mover.signedIn).toMatchObject([{ userId: user.userId }]);
    const asked = delegation.oauth.requests.slice(before);
    const [deviceCode = ""] = asked.flatMap(({ form }) => form["device_code"] ?? []);
    const { accessToken, renewal } = matrixTokensSchema.parse(session);
    for (const secret of [accessToken, renewal?.refreshToken ?? "", deviceCode]) {
      expect(secret.length).toBeGreaterThan(20);
      expect(bytesIn(mover.dataDir) + mover.lines.join("") + JSON.stringify(mover.news)).not.toContain(
        secret,
      );
    }
  });

  it("is told when the person says no", async () => {
    const user = await delegation.addUser("ada");
    const link = await mover.link("source", user.userId);
    await delegation.oauth.deny(link.userCode);
    expect(await mover.ending("source")).toEqual({ kind: "denied", side: "source" });
    expect(await devicesOf(user.localpart)).toEqual([]);
  });

  it("is told when nobody confirmed in time, and a fresh code can be had", async () => {
    const user = await delegation.addUser("ada");
    const first = await mover.link("source", user.userId);
    delegation.oauth.expireCodes();
    expect(await mover.ending("source")).toEqual({ kind: "expired", side: "source" });
    const second = await mover.link("source", user.userId, "$again");
    expect(second.userCode).not.toBe(first.userCode);
    await delegation.oauth.approve(second.userCode, user.localpart);
    await vi.waitFor(() => expect(mover.news.at(-1)?.kind).toBe("signed_in"), SOON_MS);
  });

  it("uses nothing of a session that another account confirmed, and ends it", async () => {
    const [asked, other] = [await delegation.addUser("ada"), await delegation.addUser("mallory")];
    const link = await mover.link("source", asked.userId);
    await delegation.oauth.approve(link.userCode, other.localpart);
    expect(await mover.ending("source")).toMatchObject({
      kind: "refusal",
      refusal: { code: "wrong_account", expected: asked.userId, actual: other.userId },
      leftoverDeviceId: null,
    });
    expect(await mover.store.accounts.get(OWNER, "source")).toBeNull();
    expect(await devicesOf(other.localpart)).toEqual([]);
  });

  it("takes both accounts at once", async () => {
    const [ada, ben] = [await delegation.addUser("ada"), await delegation.addUser("ben")];
    const [old, young] = [await mover.link("source", ada.userId), await mover.link("target", ben.userId)];
    await delegation.oauth.approve(young.userCode, ben.localpart);
    await delegation.oauth.approve(old.userCode, ada.localpart);
    expect(await mover.ending("source")).toMatchObject({
      kind: "signed_in",
      account: { userId: ada.userId },
    });
    expect(await mover.ending("target")).toMatchObject({
      kind: "signed_in",
      account: { userId: ben.userId },
    });
  });

  it("refuses an account that became the other one while its link waited", async () => {
    const user = await delegation.addUser("ada");
    const [old, young] = [await mover.link("source", user.userId), await mover.link("target", user.userId)];
    await delegation.oauth.approve(old.userCode, user.localpart);
    expect(await mover.ending("source")).toMatchObject({ kind: "signed_in" });
    await delegation.oauth.approve(young.userCode, user.localpart);
    expect(await mover.ending("target")).toMatchObject({
      kind: "refusal",
      refusal: { code: "same_account" },
      leftoverDeviceId: null,
    });
    expect(await devicesOf(user.localpart)).toHaveLength(1);
  });

  it("goes on waiting after a restart, also when the person confirmed while the bot was away", async () => {
    const [ada, ben] = [await delegation.addUser("ada"), await delegation.addUser("ben")];
    const [old, young] = [await mover.link("source", ada.userId), await mover.link("target", ben.userId)];
    await mover.signIn.stop();
    await delegation.oauth.approve(old.userCode, ada.localpart);
    await mover.restart();
    expect(await mover.ending("source")).toMatchObject({ kind: "signed_in" });
    await delegation.oauth.approve(young.userCode, ben.localpart);
    expect(await mover.ending("target")).toMatchObject({ kind: "signed_in" });
  });

  it("shows the same code when its message is handled again after a crash", async () => {
    const user = await delegation.addUser("ada");
    const first = await mover.link("source", user.userId, "$same");
    await mover.restart();
    const count = counting();
    const again = await mover.link("source", user.userId, "$same");
    expect(again.userCode).toBe(first.userCode);
    expect(count("/oauth2/device")).toBe(0);
  });

  it("gives way to a newer one, and to !cancel, whose codes then lead to nothing", async () => {
    const user = await delegation.addUser("ada");
    const first = await mover.link("source", user.userId, "$1");
    const second = await mover.link("source", user.userId, "$2");
    expect(mover.news).toEqual([{ kind: "replaced", side: "source" }]);
    await delegation.oauth.approve(first.userCode, user.localpart);
    expect(await mover.signIn.cancel(OWNER, ["source", "target"])).toEqual(["source"]);
    expect(mover.news.at(-1)).toEqual({ kind: "cancelled", side: "source" });
    await delegation.oauth.approve(second.userCode, user.localpart);
    expect(await mover.signIn.cancel(OWNER, ["source", "target"])).toEqual([]);
    // A third one shows that its turn would have come.
    const third = await mover.link("source", user.userId, "$3");
    await delegation.oauth.deny(third.userCode);
    await vi.waitFor(() => expect(mover.news.at(-1)?.kind).toBe("denied"), SOON_MS);
    expect(await mover.store.accounts.get(OWNER, "source")).toBeNull();
    expect(await devicesOf(user.localpart)).toEqual([]);
  });

  it("ends the session of a code that was exchanged just as the person cancelled", async () => {
    const user = await delegation.addUser("ada");
    const link = await mover.link("source", user.userId);
    const exchanged = Promise.withResolvers<undefined>();
    const cancelled = Promise.withResolvers<undefined>();
    await delegation.oauth.approve(link.userCode, user.localpart);
    delegation.oauth.setRule(async ({ path, form }) => {
      if (path !== "/oauth2/token" || form["device_code"] === undefined) return undefined;
      exchanged.resolve(undefined);
      await cancelled.promise;
      return undefined;
    });
    await exchanged.promise;
    await mover.signIn.cancel(OWNER, ["source"]);
    cancelled.resolve(undefined);
    await vi.waitFor(() => expect(delegation.oauth.requests.at(-1)?.path).toBe("/oauth2/revoke"), SOON_MS);
    await vi.waitFor(async () => expect(await devicesOf(user.localpart)).toEqual([]), SOON_MS);
    expect(await mover.store.accounts.get(OWNER, "source")).toBeNull();
  });

  it("is not ended by a !cancel that comes when it is signed in already, and only still to be told", async () => {
    const user = await delegation.addUser("ada");
    const link = await mover.link("source", user.userId);
    const telling = Promise.withResolvers<undefined>();
    const told = Promise.withResolvers<undefined>();
    mover.gate.beforeTelling = () => {
      telling.resolve(undefined);
      return told.promise;
    };
    await delegation.oauth.approve(link.userCode, user.localpart);
    await telling.promise;
    expect(await mover.signIn.cancel(OWNER, ["source"])).toEqual([]);
    told.resolve(undefined);
    expect(await mover.ending("source")).toMatchObject({ kind: "signed_in" });
    expect(await mover.signIn.states(OWNER)).toMatchObject({ source: { sessionState: { kind: "works" } } });
  });

  it("is told after a crash that came between storing and telling", async () => {
    const user = await delegation.addUser("ada");
    const link = await mover.link("source", user.userId);
    const telling = Promise.withResolvers<undefined>();
    mover.gate.beforeTelling = () => {
      telling.resolve(undefined);
      return Promise.reject(new Error("killed"));
    };
    await delegation.oauth.approve(link.userCode, user.localpart);
    await telling.promise;
    mover.gate.beforeTelling = async () => undefined;
    await mover.restart();
    expect(await mover.ending("source")).toMatchObject({
      kind: "signed_in",
      account: { userId: user.userId },
    });
    expect(await devicesOf(user.localpart)).toHaveLength(1);
  });

  it("says so when the session went out and reached nobody", async () => {
    const user = await delegation.addUser("ada");
    const link = await mover.link("source", user.userId);
    await delegation.oauth.approve(link.userCode, user.localpart);
    delegation.oauth.setRule(({ form }) => (form["device_code"] === undefined ? undefined : "lost_answer"));
    await vi.waitFor(
      () => expect(mover.news.at(-1)).toMatchObject({ kind: "waiting", isServerAway: true }),
      SOON_MS,
    );
    delegation.oauth.setRule();
    expect(await mover.ending("source")).toMatchObject({ kind: "lost" });
  });

  it.each([
    ["does not answer", "lost_request" as const],
    ["is in trouble", 502],
  ])("goes on when the authorization server %s for a while", async (_what, fault) => {
    const user = await delegation.addUser("ada");
    const link = await mover.link("source", user.userId);
    delegation.oauth.setRule(() => fault);
    await vi.waitFor(
      () => expect(mover.news.at(-1)).toMatchObject({ kind: "waiting", isServerAway: true }),
      SOON_MS,
    );
    delegation.oauth.setRule();
    await delegation.oauth.approve(link.userCode, user.localpart);
    expect(await mover.ending("source")).toMatchObject({ kind: "signed_in" });
  });

  it("keeps a confirmed session whose homeserver is away, across a restart, and takes it when it is back", async () => {
    const proxy = await startFaultProxy({ target: delegation.baseUrl });
    await mover.stop();
    mover = await startMover(delegation, { oldBaseUrl: proxy.url });
    const user = await delegation.addUser("ada");
    const link = await mover.link("source", user.userId);
    await delegation.oauth.approve(link.userCode, user.localpart);
    proxy.setRule(() => ({ kind: "reset" }));
    await vi.waitFor(
      () => expect(mover.news.at(-1)).toMatchObject({ kind: "waiting", isServerAway: true }),
      SOON_MS,
    );
    await mover.restart();
    proxy.setRule();
    expect(await mover.ending("source")).toMatchObject({
      kind: "signed_in",
      account: { userId: user.userId },
    });
    await proxy.stop();
  });
});

describe("a signed-in account", () => {
  it("is ended by a newer sign-in, by !logout and by !forget, and seen to be gone", async () => {
    const user = await delegation.addUser("ada");
    await signInByLink(mover, delegation, "source", user);
    const [first] = await devicesOf(user.localpart);
    await signInByLink(mover, delegation, "source", user);
    expect(mover.news.at(-1)).toMatchObject({ kind: "signed_in", replaced: { ending: "logged_out" } });
    expect(await devicesOf(user.localpart)).not.toContainEqual(first);
    expect(await mover.signIn.signOut(OWNER, "source")).toMatchObject({ ending: "logged_out" });
    expect(await devicesOf(user.localpart)).toEqual([]);
    await signInByLink(mover, delegation, "source", user);
    const { signIn, store } = mover;
    expect(await forgetPerson(OWNER, { control, signIn, store })).toMatchObject({
      signedOut: [{ ending: "logged_out" }],
    });
    expect(await devicesOf(user.localpart)).toEqual([]);
    expect(bytesIn(mover.dataDir)).not.toContain(user.localpart);
  });

  it("that waits is forgotten with everything else", async () => {
    const user = await delegation.addUser("ada");
    const link = await mover.link("source", user.userId);
    const { signIn, store } = mover;
    await forgetPerson(OWNER, { control, signIn, store });
    await delegation.oauth.approve(link.userCode, user.localpart);
    expect(await store.signInLinks.all()).toEqual([]);
    expect(mover.news.at(-1)?.kind).toBe("cancelled");
  });

  it("shows the page where its session is managed, and names it where the end cannot be made sure of", async () => {
    const user = await delegation.addUser("ada");
    await signInByLink(mover, delegation, "source", user);
    const [device] = await devicesOf(user.localpart);
    const page = `${delegation.oauth.issuer}/account/?action=org.matrix.device_view&device_id=${device?.device_id ?? ""}`;
    expect(await mover.signIn.states(OWNER)).toMatchObject({
      source: { page, sessionState: { kind: "works" } },
    });
    delegation.oauth.setRule(({ path }) => (path === "/oauth2/revoke" ? 503 : undefined));
    expect(await mover.signIn.signOut(OWNER, "source")).toMatchObject({ ending: "not_reached", page });
  });

  it("by a pasted token that will run out is recognized as such", async () => {
    const user = await delegation.addUser("ada");
    const { accessToken } = await delegation.oauth.openSession(user.localpart);
    const pasted = await mover.signIn.signIn(OWNER, "source", user.userId, {
      method: "token",
      value: accessToken,
    });
    expect(pasted).toMatchObject({ status: "signed_in", isShortLived: true });
  });
});
