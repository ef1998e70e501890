import { z } from "zod";
import { anyAnswer } from "../api/any-answer.ts";
import type { HomeserverClient } from "../api/homeserver-client.ts";
import { apiPath } from "../api/homeserver-client.ts";
import { HomeserverError, accountProblemOf, isAccountLimit } from "../api/homeserver-error.ts";
import { PageError } from "../api/page-error.ts";
import { parseUserId, serverNameOf } from "../ids/identifiers.ts";

/** @param client of the account's own server, with the token of the answer in question */
type OwnServer = Pick<HomeserverClient, "request" | "download" | "baseUrl">;

/** The requests that servers of a room answer, and that a limit of the account refuses. */
type Entry = "join" | "knock";

/** An error of the own server about the account; `null` for none. */
type Confirmation = Promise<HomeserverError | null>;

/** The own server's confirmations since a request was sent, by what was asked. */
type Known = Map<Entry, Confirmation>;

/** Whether an error is about the account rather than about the room. */
export function isAboutAccount(error: HomeserverError): boolean {
  return accountProblemOf(error) !== null || isAccountLimit(error);
}

/**
 * Finds out whether the account's own server confirms an error about the account that it may have
 * passed on. Synapse passes on the answer of a server of a room to a join, a knock or an
 * invitation, with its status, its code and its further fields (`ProxiedRequestError`). Without the
 * confirmation, anybody who runs a server in a room could end a session or stop a move.
 */
export class OwnServerConfirmations {
  /** The relayed requests of each account that are under way. */
  readonly #underWay = new Map<string, Set<Known>>();

  /**
   * Sends a request whose answer may be relayed. A confirmation counts for all requests of the
   * account that were under way, so many joins that are refused at once cost one more request.
   * @param account a key
   */
  async during<Answer>(account: string, send: (known: Known) => Promise<Answer>): Promise<Answer> {
    const known: Known = new Map();
    const underWay = this.#underWay.get(account) ?? new Set();
    this.#underWay.set(account, underWay.add(known));
    try {
      return await send(known);
    } finally {
      underWay.delete(known);
      if (underWay.size === 0) this.#underWay.delete(account);
    }
  }

  /**
   * @param account the same key as for `during`
   * @throws HomeserverError, PageError, UnreachableError if the own server does not answer
   */
  async isConfirmed(
    { account, userId, known }: { account: string; userId: string; known: Known },
    client: OwnServer,
    error: HomeserverError,
  ): Promise<boolean> {
    const unknownRoom = (entry: Entry): Confirmation =>
      known.get(entry) ?? this.#ask(account, entry, errorOfUnknownRoom(client, userId, entry));
    if (isAccountLimit(error)) {
      const entry = entryOf(error);
      return entry === null || isLimit(await unknownRoom(entry));
    }
    switch (accountProblemOf(error)?.code) {
      case undefined:
        return false;
      case "session_ended":
      case "account_locked":
      case "account_deactivated":
        return isProblem(await errorOf(client.request(whoami)));
      case "account_suspended":
        return isProblem(await unknownRoom("join"));
      case "consent_needed":
        return (await isOwnTerms(client, userId, error)) || isProblem(await unknownRoom("join"));
    }
  }

  async #ask(account: string, entry: Entry, answer: Confirmation): Confirmation {
    const requests = [...(this.#underWay.get(account) ?? [])];
    for (const each of requests) each.set(entry, answer);
    let error: HomeserverError | null = null;
    try {
      error = await answer;
      return error;
    } finally {
      // "Not confirmed" is forgotten, because the account may reach its limit before a slow request
      // is refused.
      if (error === null) for (const each of requests) each.delete(entry);
    }
  }
}

/**
 * The kind of a refused request. `null` for an invitation: besides the own server, only the server
 * of the invited account answers it (S2S §Inviting to a room), and one person owns both accounts.
 */
function entryOf({ path }: HomeserverError): Entry | null {
  const entry = /^\/_matrix\/client\/v3\/(join|knock)\//.exec(path)?.[1];
  return entry === "join" || entry === "knock" ? entry : null;
}

function isLimit(error: HomeserverError | null): boolean {
  return error !== null && isAccountLimit(error);
}

function isProblem(error: HomeserverError | null): boolean {
  return error !== null && accountProblemOf(error) !== null;
}

const whoami = { method: "GET", path: "/_matrix/client/v3/account/whoami", schema: z.unknown() } as const;

/**
 * Tries to join a room of the account's own server that does not exist. A suspended account, and
 * one that has reached its limits, may read, so `whoami` does not show the problem. No other server
 * takes part, and the request never succeeds. Synapse checks the suspension, and asks its modules
 * about limits, before it looks for the room (`update_membership_locked`).
 */
async function errorOfUnknownRoom(client: OwnServer, userId: string, entry: Entry): Confirmation {
  const roomId = `!no-such-room:${serverNameOf(userId) ?? ""}`;
  const path =
    entry === "join"
      ? apiPath`/_matrix/client/v3/join/${roomId}`
      : apiPath`/_matrix/client/v3/knock/${roomId}`;
  return await errorOf(client.request({ method: "POST", path, body: {}, schema: anyAnswer }));
}

/** @throws if the server is away, or limits the rate of this request too */
async function errorOf(answer: Promise<unknown>): Confirmation {
  try {
    await answer;
    return null;
  } catch (error) {
    if (!(error instanceof HomeserverError) || error.status === 429 || error.status >= 500) throw error;
    return isAboutAccount(error) ? error : null;
  }
}

const MAX_PAGE_BYTES = 1_048_576;

/**
 * Whether the page with the terms is the own server's page for this account. Synapse signs the
 * address of the page (`h`), so no other server knows it. A join of an unknown room does not show
 * that the consent is missing: Synapse checks it only when it creates an event, in a room that it
 * is in (`assert_accepted_privacy_policy`).
 */
async function isOwnTerms(
  client: OwnServer,
  userId: string,
  { consentUri }: HomeserverError,
): Promise<boolean> {
  const page = consentUri === undefined ? null : URL.parse(consentUri);
  const signature = page?.searchParams.get("h") ?? "";
  const localpart = parseUserId(userId)?.localpart ?? "";
  if (page === null || signature === "" || localpart === "") return false;
  const path = "/_matrix/consent";
  if (page.origin + page.pathname !== client.baseUrl + path) return false;
  try {
    await client.download({ path, query: { u: localpart, h: signature }, maxBytes: MAX_PAGE_BYTES });
    return true;
  } catch (error) {
    const status = error instanceof PageError || error instanceof HomeserverError ? error.status : 500;
    if (status === 429 || status >= 500) throw error;
    return false;
  }
}
