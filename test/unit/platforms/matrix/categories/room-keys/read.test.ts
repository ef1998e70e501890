import { describe, expect, it } from "vitest";
import type { Account, Side } from "../../../../../../src/model/account.ts";
import type { CategoryName } from "../../../../../../src/model/categories.ts";
import {
  areKeysNeeded,
  readKeyFacts,
} from "../../../../../../src/platforms/matrix/categories/room-keys/read.ts";
import { KeyWorkerError } from "../../../../../../src/platforms/matrix/keys/worker/key-worker.ts";
import { UnreadableAccountError } from "../../../../../../src/platforms/reading.ts";
import type { AccountRefusal } from "../../../../../../src/platforms/sign-in.ts";

const HOST = "old.example";

function account(side: Side): Account {
  return {
    owner: "@me:old.example",
    side,
    userId: "@me:old.example",
    baseUrl: "https://old.example",
    method: "password",
    deviceId: "D",
    signedInAt: 0,
  };
}

const accounts = { source: account("source"), target: account("target") };
const { signal } = new AbortController();

describe("the keys of a plan", () => {
  it("are those that the comparison found", async () => {
    const from = { version: "1", publicKey: "A" };
    const found = { kind: "counted", from, expected: 3 } as const;
    expect(await readKeyFacts(() => Promise.resolve(found), accounts, signal)).toBe(found);
  });

  it.each<AccountRefusal>([
    { code: "server_refused", status: 403, errcode: "M_FORBIDDEN", text: "No." },
    { code: "server_refused", status: 404, errcode: "M_UNKNOWN", text: "" },
    { code: "server_trouble", status: 500, retryAfterMs: null },
    { code: "server_trouble", status: 504, retryAfterMs: null },
    { code: "unreachable", reason: "timeout", host: HOST },
    { code: "unreachable", reason: "too_large", host: HOST },
    { code: "unreachable", reason: "not_json", host: HOST },
    { code: "unreachable", reason: "unexpected_answer", host: HOST },
  ])("are unreadable if a server shows all but its backup: %j", async (refusal) => {
    const compare = () => Promise.reject(new UnreadableAccountError(accounts.target, refusal));
    expect(await readKeyFacts(compare, accounts, signal)).toEqual({ kind: "unreadable" });
  });

  it.each<AccountRefusal>([
    { code: "session_ended" },
    { code: "account_locked" },
    { code: "limited", retryAfterMs: 1_000 },
    { code: "unreachable", reason: "refused", host: HOST },
    { code: "unreachable", reason: "dns", host: HOST },
    { code: "unreachable", reason: "aborted", host: HOST },
  ])("make the plan fail if the account or its server is the reason: %j", async (refusal) => {
    const error = new UnreadableAccountError(accounts.source, refusal);
    await expect(readKeyFacts(() => Promise.reject(error), accounts, signal)).rejects.toBe(error);
  });

  it("are unreadable if the thread of the keys cannot hold them", async () => {
    const compare = () => Promise.reject(new KeyWorkerError("out of memory"));
    expect(await readKeyFacts(compare, accounts, signal)).toEqual({ kind: "unreadable" });
    await expect(readKeyFacts(compare, accounts, AbortSignal.abort())).rejects.toThrow(KeyWorkerError);
  });

  it("make the plan fail for a bug", async () => {
    await expect(readKeyFacts(() => Promise.reject(new TypeError("x")), accounts, signal)).rejects.toThrow(
      TypeError,
    );
  });

  it.each<{ categories: CategoryName[] | null; hasRooms: boolean; isNeeded: boolean }>([
    { categories: null, hasRooms: true, isNeeded: true },
    { categories: ["rooms"], hasRooms: true, isNeeded: true },
    { categories: ["room_keys"], hasRooms: false, isNeeded: true },
    { categories: ["profile", "tags"], hasRooms: false, isNeeded: false },
  ])("are read for rooms and for themselves: %j", ({ isNeeded, ...filters }) => {
    expect(areKeysNeeded(filters)).toBe(isNeeded);
  });
});
