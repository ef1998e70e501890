import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import type { Account, Side } from "../../../src/model/account.ts";
import { serverNameOf } from "../../../src/platforms/matrix/ids/identifiers.ts";
import { createMatrixSignIn } from "../../../src/platforms/matrix/sign-in/provider.ts";
import { Sessions } from "../../../src/platforms/matrix/sign-in/sessions.ts";
import type { LinkNews, WaitingLink } from "../../../src/service/accounts/results.ts";
import { SignIn } from "../../../src/service/accounts/sign-in.ts";
import type { Store } from "../../../src/store/store.ts";
import { startAuthorizationServer } from "../../lab/authorization-server/authorization-server.ts";
import type { AuthorizationServerOptions } from "../../lab/authorization-server/model.ts";
import { startHomeserverPair } from "../../lab/homeservers/pair.ts";
import { eventually } from "../../support/eventually.ts";
import { temporaryStore } from "../../support/store/temporary-store.ts";
import { openFetch } from "../platforms/matrix/loopback-server.ts";

export const OWNER = "@me:third.example";
export const INTRODUCTION = { clientName: "Matrix Mover", clientUri: "https://mover.example.org/" };

/**
 * A homeserver that delegates to an authorization server. Its tokens expire after a few seconds.
 */
export async function startDelegation(options: AuthorizationServerOptions) {
  const oauth = await startAuthorizationServer({ intervalSeconds: 1, ...options });
  const folder = await mkdtemp(join(tmpdir(), "mover-oauth-"));
  const pair = await startHomeserverPair({
    folder,
    limits: "unlimited",
    extraConfig: { old: oauth.homeserverConfig },
  });
  oauth.connect(pair.old);
  const { serverName, baseUrl } = pair.old;
  let people = 0;
  return {
    oauth,
    pair,
    serverName,
    baseUrl,
    /** A user of the homeserver that no other test uses. */
    addUser: async (name: string) => {
      const localpart = `${name}${++people}`;
      await oauth.addUser(localpart);
      return { localpart, userId: `@${localpart}:${serverName}` };
    },
    close: async () => {
      await pair.stop();
      await oauth.stop();
      await rm(folder, { recursive: true });
    },
  };
}
export type Delegation = Awaited<ReturnType<typeof startDelegation>>;

/**
 * The part of the bot that signs in and keeps sessions, with its own store. `restart` is a crash
 * that loses everything but the store.
 */
export async function startMover(
  { pair, serverName, baseUrl }: Delegation,
  { oldBaseUrl = baseUrl }: { oldBaseUrl?: string } = {},
) {
  const { store: first, dataDir, reopen } = await temporaryStore();
  const lines: string[] = [];
  const log = pino({ level: "trace" }, { write: (line: string) => void lines.push(line) });
  const news: (LinkNews & { side: Side })[] = [];
  const signedIn: Account[] = [];
  const gate = { beforeMessage: async (_news: LinkNews): Promise<void> => undefined };
  let aheadMs = 0;
  const now = () => Date.now() + aheadMs;
  const build = (store: Store) => {
    const fetch = openFetch();
    const sessions = new Sessions({
      servers: {},
      accounts: store.accounts,
      fetch,
      monotonicNow: now,
      now,
      log,
    });
    const matrixSignIn = createMatrixSignIn({
      sessions,
      fetch,
      servers: { [serverName]: oldBaseUrl, [pair.new.serverName]: pair.new.baseUrl },
      introduction: INTRODUCTION,
      now,
      log,
    });
    const signIn = new SignIn({
      accounts: store.accounts,
      links: store.signInLinks,
      authorizationServers: store.authorizationServers,
      platform: {
        signIn: matrixSignIn,
        keys: { forgetDevice: () => Promise.resolve() },
        serverName: (userId) => serverNameOf(userId) ?? "",
      },
      introduction: INTRODUCTION,
      notify: async ({ side }, message) => {
        await gate.beforeMessage(message);
        news.push({ ...message, side });
      },
      onSignedIn: (_owner, _side, account) => void signedIn.push(account),
      monotonicNow: now,
      now,
      log,
    });
    return { store, fetch, sessions, signIn, log };
  };
  let running = build(first);
  return {
    dataDir,
    lines,
    news,
    signedIn,
    /** Waits before a message about a sign-in is sent. */
    gate,
    /** Moves only the bot's clock forward. */
    wait: (ms: number) => {
      aheadMs += ms;
    },
    get running() {
      return running;
    },
    get store() {
      return running.store;
    },
    /** A signed-in account and a client with its session. `null` if nobody is signed in. */
    open: async (side: Side) => {
      const account = await running.store.accounts.get(OWNER, side);
      return account === null ? null : { account, client: running.sessions.client(account) };
    },
    get signIn() {
      return running.signIn;
    },
    restart: async () => {
      await running.signIn.stop();
      running = build(await reopen());
      await running.signIn.start();
    },
    stop: () => running.signIn.stop(),
    link: async (side: Side, userId: string, eventId = `$${side}${userId}`): Promise<WaitingLink> => {
      const address = {
        roomId: "!room:x",
        eventId,
        threadRoot: null,
        roomKind: "direct" as const,
        sender: OWNER,
        isEncrypted: true,
      };
      const offer = await running.signIn.offer(OWNER, side, userId, address);
      if (offer.status !== "link") throw new Error(`no link was offered: ${JSON.stringify(offer)}`);
      return offer.link;
    },
    /** The last message about the sign-in of a side. */
    ending: (side: Side): Promise<LinkNews> =>
      eventually("the end of a sign-in", () => {
        const last = news.findLast((each) => each.side === side);
        return last?.kind === "waiting" ? undefined : last;
      }),
  };
}
export type Mover = Awaited<ReturnType<typeof startMover>>;

/** Signs one account in by link and opens a client for it. */
export async function signInByLink(
  mover: Mover,
  { oauth }: Delegation,
  side: Side,
  user: { localpart: string; userId: string },
) {
  const link = await mover.link(side, user.userId, `$${side}${user.userId}${mover.news.length}`);
  await oauth.approve(link.userCode, user.localpart);
  const before = mover.news.length;
  await eventually("a sign-in", () => mover.news.slice(before).find(({ kind }) => kind === "signed_in"));
  const opened = await mover.open(side);
  if (opened === null) throw new Error("the account is not signed in");
  return opened;
}
