import { expect, it } from "vitest";
import type { Account, FileAccount } from "../../../../src/model/account.ts";
import { strangerTo } from "../../../../src/service/accounts/peoples-accounts.ts";

const [OLD, NEW] = ["@me:old.example", "@me:new.example"];

function signedIn(side: "source" | "target", userId: string): Account {
  return {
    ...{ owner: NEW, side, userId, baseUrl: "https://x.example" },
    ...{ method: "token", deviceId: null, signedInAt: 1 },
  };
}

function fromFile(userId: string): FileAccount {
  return { owner: NEW, side: "source", userId, method: "file", importedAt: 1, writtenAt: 1 };
}

it.each([
  { name: "both accounts of the run", source: signedIn("source", OLD), isFromFile: false, side: null },
  { name: "its old account, only from files", source: fromFile(OLD), isFromFile: false, side: "source" },
  { name: "files, by which it goes", source: fromFile(OLD), isFromFile: true, side: null },
  { name: "its old account, signed in since", source: signedIn("source", OLD), isFromFile: true, side: null },
  { name: "another old account", source: signedIn("source", "@a:b.c"), isFromFile: false, side: "source" },
])("a run goes on with $name: $side is a stranger", ({ source, isFromFile, side }) => {
  const run = { source: OLD, target: NEW, isFromFile };
  expect(strangerTo(run, { source, target: signedIn("target", NEW) })).toBe(side);
  expect(strangerTo(run, { source, target: signedIn("target", "@other:new.example") })).toBe(
    side ?? "target",
  );
});
