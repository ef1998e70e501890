import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { matrixTokensSchema } from "../../../src/platforms/matrix/sign-in/session-renewal.ts";
import { forgetPerson } from "../../../src/service/forget.ts";
import { startFaultProxy } from "../../support/faults/fault-proxy.ts";
import { callServer } from "../../support/servers/server-api.ts";
import { bytesIn } from "../../support/store/temporary-store.ts";
import type { Delegation, Mover } from "./delegation.ts";
import { INTRODUCTION, OWNER, signInByLink, startDelegation, startMover } from "./delegation.ts";

/** For events that come within seconds, on a slow and busy machine. */

/** No run exists here. */
const control = {
  abandon: async () => undefined,
  abandonThen: <Result>(_owner: string, afterwards: () => Promise<Result>) => afterwards(),
};

/** What the tests of this file share. */
interface Fixture {
  delegation: Delegation;
  mover: Mover;
}

const fixture = {} as Fixture;

beforeAll(async () => {
  fixture.delegation = await startDelegation({});
});
afterAll(() => fixture.delegation.close());
beforeEach(async () => {
  fixture.mover = await startMover(fixture.delegation);
});
afterEach(async () => {
  const { delegation } = fixture;
  delegation.oauth.setRule();
  await delegation.oauth.start();
  await fixture.mover.stop();
});

interface Device {
  device_id: string;
  display_name?: string;
}

/** The account's devices without the one that asks. */
async function devicesOf(localpart: string): Promise<Device[]> {
  const { delegation } = fixture;
  const { accessToken, deviceId } = await delegation.oauth.openSession(localpart);
  const { body } = await callServer(delegation.pair.old, accessToken, "GET", "/_matrix/client/v3/devices");
  return (body["devices"] as Device[]).filter(({ device_id }) => device_id !== deviceId);
}

/** Counts the requests of clients from now on, by path. */
function counting(): (path: string) => number {
  const { delegation } = fixture;
  const from = delegation.oauth.requests.length;
  return (path) => delegation.oauth.requests.slice(from).filter((request) => request.path === path).length;
}

describe("signing in by link", () => {
  it("takes an address and a code, makes one named session, and keeps its secrets sealed", async () => {
    const { delegation } = fixture;
    const user = await delegation.addUser("ada");
    const before = delegation.oauth.requests.length;
    const link = await fixture.mover.link("source", user.userId);
    expect(link).toMatchObject({
      ...INTRODUCTION,
      verificationUri: `${delegation.oauth.issuer}/link`,
      userId: user.userId,
    });
    expect(link.userCode).toMatch(/^[A-Z]{6}$/);
    await delegation.oauth.approve(link.userCode, user.localpart);
    expect(await fixture.mover.ending("source")).toMatchObject({
      kind: "signed_in",
      account: { method: "link", userId: user.userId },
      other: null,
      replaced: null,
    });
    await expect.poll(() => fixture.mover.store.signInLinks.all()).toEqual([]);
    const session = await fixture.mover.store.accounts.session(OWNER, "source");
    const account = await fixture.mover.store.accounts.get(OWNER, "source");
    expect(await devicesOf(user.localpart)).toMatchObject([
      { device_id: account?.deviceId, display_name: "Matrix Mover" },
    ]);
    expect(account?.deviceId).toMatch(/^[A-Z]{12}$/);
    expect(fixture.mover.signedIn).toMatchObject([{ userId: user.userId }]);
    const asked = delegation.oauth.requests.slice(before);
    const [deviceCode = ""] = asked.flatMap(({ form }) => form["device_code"] ?? []);
    const { accessToken, renewal } = matrixTokensSchema.parse(session);
    for (const secret of [accessToken, renewal?.refreshToken ?? "", deviceCode]) {
      expect(secret.length).toBeGreaterThan(20);
      expect(
        bytesIn(fixture.mover.dataDir) + fixture.mover.lines.join("") + JSON.stringify(fixture.mover.news),
      ).not.toContain(secret);
    }
  });

  it("reports that the person refused", async () => {
    const { delegation } = fixture;
    const user = await delegation.addUser("ada");
    const link = await fixture.mover.link("source", user.userId);
    await delegation.oauth.deny(link.userCode);
    expect(await fixture.mover.ending("source")).toEqual({ kind: "denied", side: "source" });
    expect(await devicesOf(user.localpart)).toEqual([]);
  });

  it("reports that nobody confirmed in time, and gives a new code", async () => {
    const { delegation } = fixture;
    const user = await delegation.addUser("ada");
    const first = await fixture.mover.link("source", user.userId);
    delegation.oauth.expireCodes();
    expect(await fixture.mover.ending("source")).toEqual({ kind: "expired", side: "source" });
    const second = await fixture.mover.link("source", user.userId, "$again");
    expect(second.userCode).not.toBe(first.userCode);
    await delegation.oauth.approve(second.userCode, user.localpart);
    await expect.poll(() => fixture.mover.news.at(-1)?.kind).toBe("signed_in");
  });

  it("does not use a session that another account confirmed, and ends it", async () => {
    const { delegation } = fixture;
    const [asked, other] = [await delegation.addUser("ada"), await delegation.addUser("mallory")];
    const link = await fixture.mover.link("source", asked.userId);
    await delegation.oauth.approve(link.userCode, other.localpart);
    expect(await fixture.mover.ending("source")).toMatchObject({
      kind: "refusal",
      refusal: { code: "wrong_account", expected: asked.userId, actual: other.userId },
      leftoverDeviceId: null,
    });
    expect(await fixture.mover.store.accounts.get(OWNER, "source")).toBeNull();
    expect(await devicesOf(other.localpart)).toEqual([]);
  });

  it("takes both accounts at once", async () => {
    const { delegation } = fixture;
    const [ada, ben] = [await delegation.addUser("ada"), await delegation.addUser("ben")];
    const [old, young] = [
      await fixture.mover.link("source", ada.userId),
      await fixture.mover.link("target", ben.userId),
    ];
    await delegation.oauth.approve(young.userCode, ben.localpart);
    await delegation.oauth.approve(old.userCode, ada.localpart);
    expect(await fixture.mover.ending("source")).toMatchObject({
      kind: "signed_in",
      account: { userId: ada.userId },
    });
    expect(await fixture.mover.ending("target")).toMatchObject({
      kind: "signed_in",
      account: { userId: ben.userId },
    });
  });

  it("refuses an account that became the other one while its link waited", async () => {
    const { delegation } = fixture;
    const user = await delegation.addUser("ada");
    const [old, young] = [
      await fixture.mover.link("source", user.userId),
      await fixture.mover.link("target", user.userId),
    ];
    await delegation.oauth.approve(old.userCode, user.localpart);
    expect(await fixture.mover.ending("source")).toMatchObject({ kind: "signed_in" });
    await delegation.oauth.approve(young.userCode, user.localpart);
    expect(await fixture.mover.ending("target")).toMatchObject({
      kind: "refusal",
      refusal: { code: "same_account" },
      leftoverDeviceId: null,
    });
    expect(await devicesOf(user.localpart)).toHaveLength(1);
  });

  it("continues to wait after a restart, also when the person confirmed while the bot was away", async () => {
    const { delegation } = fixture;
    const [ada, ben] = [await delegation.addUser("ada"), await delegation.addUser("ben")];
    const [old, young] = [
      await fixture.mover.link("source", ada.userId),
      await fixture.mover.link("target", ben.userId),
    ];
    await fixture.mover.signIn.stop();
    await delegation.oauth.approve(old.userCode, ada.localpart);
    await fixture.mover.restart();
    expect(await fixture.mover.ending("source")).toMatchObject({ kind: "signed_in" });
    await delegation.oauth.approve(young.userCode, ben.localpart);
    expect(await fixture.mover.ending("target")).toMatchObject({ kind: "signed_in" });
  });

  it("shows the same code when its message is handled again after a crash", async () => {
    const user = await fixture.delegation.addUser("ada");
    const first = await fixture.mover.link("source", user.userId, "$same");
    await fixture.mover.restart();
    const count = counting();
    const again = await fixture.mover.link("source", user.userId, "$same");
    expect(again.userCode).toBe(first.userCode);
    expect(count("/oauth2/device")).toBe(0);
  });

  it("is ended by a newer link and by !cancel, and the old codes have no effect", async () => {
    const { delegation } = fixture;
    const user = await delegation.addUser("ada");
    const first = await fixture.mover.link("source", user.userId, "$1");
    const second = await fixture.mover.link("source", user.userId, "$2");
    expect(fixture.mover.news).toEqual([{ kind: "replaced", side: "source" }]);
    await delegation.oauth.approve(first.userCode, user.localpart);
    expect(await fixture.mover.signIn.cancel(OWNER, ["source", "target"])).toEqual(["source"]);
    expect(fixture.mover.news.at(-1)).toEqual({ kind: "cancelled", side: "source" });
    await delegation.oauth.approve(second.userCode, user.localpart);
    expect(await fixture.mover.signIn.cancel(OWNER, ["source", "target"])).toEqual([]);
    // The message about a third link proves that one about the second would have come before it.
    const third = await fixture.mover.link("source", user.userId, "$3");
    await delegation.oauth.deny(third.userCode);
    await expect.poll(() => fixture.mover.news.at(-1)?.kind).toBe("denied");
    expect(await fixture.mover.store.accounts.get(OWNER, "source")).toBeNull();
    expect(await devicesOf(user.localpart)).toEqual([]);
  });

  it("ends the session of a code that was exchanged while the person cancelled", async () => {
    const { delegation } = fixture;
    const user = await delegation.addUser("ada");
    const link = await fixture.mover.link("source", user.userId);
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
    await fixture.mover.signIn.cancel(OWNER, ["source"]);
    cancelled.resolve(undefined);
    await expect.poll(() => delegation.oauth.requests.at(-1)?.path).toBe("/oauth2/revoke");
    await expect.poll(() => devicesOf(user.localpart)).toEqual([]);
    expect(await fixture.mover.store.accounts.get(OWNER, "source")).toBeNull();
  });

  it("is not ended by a !cancel after the sign-in and before its message", async () => {
    const { delegation } = fixture;
    const user = await delegation.addUser("ada");
    const link = await fixture.mover.link("source", user.userId);
    const telling = Promise.withResolvers<undefined>();
    const canReport = Promise.withResolvers<undefined>();
    fixture.mover.gate.beforeMessage = () => {
      telling.resolve(undefined);
      return canReport.promise;
    };
    await delegation.oauth.approve(link.userCode, user.localpart);
    await telling.promise;
    expect(await fixture.mover.signIn.cancel(OWNER, ["source"])).toEqual([]);
    canReport.resolve(undefined);
    expect(await fixture.mover.ending("source")).toMatchObject({ kind: "signed_in" });
    expect(await fixture.mover.signIn.states(OWNER)).toMatchObject({
      source: { sessionState: { kind: "works" } },
    });
  });

  it("is reported after a crash between its storing and its message", async () => {
    const { delegation } = fixture;
    const user = await delegation.addUser("ada");
    const link = await fixture.mover.link("source", user.userId);
    const telling = Promise.withResolvers<undefined>();
    fixture.mover.gate.beforeMessage = () => {
      telling.resolve(undefined);
      return Promise.reject(new Error("killed"));
    };
    await delegation.oauth.approve(link.userCode, user.localpart);
    await telling.promise;
    fixture.mover.gate.beforeMessage = async () => undefined;
    await fixture.mover.restart();
    expect(await fixture.mover.ending("source")).toMatchObject({
      kind: "signed_in",
      account: { userId: user.userId },
    });
    expect(await devicesOf(user.localpart)).toHaveLength(1);
  });

  it("reports a session whose tokens were sent and never arrived", async () => {
    const { delegation } = fixture;
    const user = await delegation.addUser("ada");
    const link = await fixture.mover.link("source", user.userId);
    await delegation.oauth.approve(link.userCode, user.localpart);
    delegation.oauth.setRule(({ form }) => (form["device_code"] === undefined ? undefined : "lost_answer"));
    await expect.poll(() => fixture.mover.news.at(-1)).toMatchObject({ kind: "waiting", isServerAway: true });
    delegation.oauth.setRule();
    expect(await fixture.mover.ending("source")).toMatchObject({ kind: "lost" });
  });

  it.each([
    { name: "does not answer", fault: "lost_request" as const },
    { name: "is in trouble", fault: 502 },
  ])("continues when the authorization server $name for a while", async ({ fault }) => {
    const { delegation } = fixture;
    const user = await delegation.addUser("ada");
    const link = await fixture.mover.link("source", user.userId);
    delegation.oauth.setRule(() => fault);
    await expect.poll(() => fixture.mover.news.at(-1)).toMatchObject({ kind: "waiting", isServerAway: true });
    delegation.oauth.setRule();
    await delegation.oauth.approve(link.userCode, user.localpart);
    expect(await fixture.mover.ending("source")).toMatchObject({ kind: "signed_in" });
  });

  it("keeps a confirmed session while its homeserver is away, across a restart, and uses it afterwards", async () => {
    const { delegation } = fixture;
    const proxy = await startFaultProxy({ target: delegation.baseUrl });
    await fixture.mover.stop();
    fixture.mover = await startMover(delegation, { oldBaseUrl: proxy.url });
    const user = await delegation.addUser("ada");
    const link = await fixture.mover.link("source", user.userId);
    await delegation.oauth.approve(link.userCode, user.localpart);
    proxy.setRule(() => ({ kind: "reset" }));
    await expect.poll(() => fixture.mover.news.at(-1)).toMatchObject({ kind: "waiting", isServerAway: true });
    await fixture.mover.restart();
    proxy.setRule();
    expect(await fixture.mover.ending("source")).toMatchObject({
      kind: "signed_in",
      account: { userId: user.userId },
    });
    await proxy.stop();
  });
});

describe("a signed-in account", () => {
  it("is ended by a newer sign-in, by !logout and by !forget, as the server confirms", async () => {
    const { delegation } = fixture;
    const user = await delegation.addUser("ada");
    await signInByLink(fixture.mover, delegation, "source", user);
    const [first] = await devicesOf(user.localpart);
    await signInByLink(fixture.mover, delegation, "source", user);
    expect(fixture.mover.news.at(-1)).toMatchObject({
      kind: "signed_in",
      replaced: { ending: "logged_out" },
    });
    expect(await devicesOf(user.localpart)).not.toContainEqual(first);
    expect(await fixture.mover.signIn.signOut(OWNER, "source")).toMatchObject({ ending: "logged_out" });
    expect(await devicesOf(user.localpart)).toEqual([]);
    await signInByLink(fixture.mover, delegation, "source", user);
    const { signIn, store } = fixture.mover;
    expect(await forgetPerson(OWNER, { control, signIn, store })).toMatchObject({
      signedOut: [{ ending: "logged_out" }],
    });
    expect(await devicesOf(user.localpart)).toEqual([]);
    expect(bytesIn(fixture.mover.dataDir)).not.toContain(user.localpart);
  });

  it("is forgotten by !forget, also while its link waits", async () => {
    const { delegation } = fixture;
    const user = await delegation.addUser("ada");
    const link = await fixture.mover.link("source", user.userId);
    const { signIn, store } = fixture.mover;
    await forgetPerson(OWNER, { control, signIn, store });
    await delegation.oauth.approve(link.userCode, user.localpart);
    expect(await store.signInLinks.all()).toEqual([]);
    expect(fixture.mover.news.at(-1)?.kind).toBe("cancelled");
  });

  it("shows the page where its session is managed, and names it when the end of the session is uncertain", async () => {
    const { delegation } = fixture;
    const user = await delegation.addUser("ada");
    await signInByLink(fixture.mover, delegation, "source", user);
    const [device] = await devicesOf(user.localpart);
    const page = `${delegation.oauth.issuer}/account/?action=org.matrix.device_view&device_id=${device?.device_id ?? ""}`;
    expect(await fixture.mover.signIn.states(OWNER)).toMatchObject({
      source: { page, sessionState: { kind: "works" } },
    });
    delegation.oauth.setRule(({ path }) => (path === "/oauth2/revoke" ? 503 : undefined));
    expect(await fixture.mover.signIn.signOut(OWNER, "source")).toMatchObject({
      ending: "not_reached",
      page,
    });
  });

  it("is recognized as short-lived when it is signed in by a token that expires", async () => {
    const { delegation } = fixture;
    const user = await delegation.addUser("ada");
    const { accessToken } = await delegation.oauth.openSession(user.localpart);
    const pasted = await fixture.mover.signIn.signIn(OWNER, "source", user.userId, {
      method: "token",
      value: accessToken,
    });
    expect(pasted).toMatchObject({ status: "signed_in", isShortLived: true });
  });
});
