import { encodeRecoveryKey } from "matrix-js-sdk/lib/crypto-api/recovery-key.js";
import { describe, expect, it } from "vitest";
import { looksLikeRecoveryKey } from "../../../src/grammar/recovery-key-shape.ts";
import { seededRandom } from "../../support/seeded-random.ts";

const KEY = "EsTc LW2K PGiF wKEA 3As5 g5c4 BXwk qeeJ ZJV8 Q9fu gUMN UE4d";
const JOINED = KEY.replaceAll(" ", "");

describe("a text has the shape of a recovery key", () => {
  it.each<{ name: string; text: string }>([
    { name: "alone", text: KEY },
    { name: "without spaces", text: JOINED },
    { name: "in a misspelt command", text: `!keys cpy --recovry-kye "${KEY}"` },
    { name: "in a misspelt command, without spaces", text: `!keys cpy ${JOINED}` },
    { name: "after a sentence", text: `Hello! My key is ${KEY}. Is that right?` },
    { name: "after a colon", text: `key:${KEY}` },
    { name: "after an equals sign and a quote", text: `!key copy -r="${KEY}"` },
    { name: "in German quotes", text: `„${KEY}“` },
    { name: "as code", text: `\`${KEY}\`` },
    { name: "on several lines", text: KEY.replaceAll(" ", "\n") },
    { name: "with letters that no key has", text: KEY.replace("LW2K", "lW0K") },
    {
      name: "with a group too short and one too long",
      text: KEY.replace("PGiF", "PGF").replace("Q9fu", "Q99fu"),
    },
    { name: "with two groups as one", text: KEY.replace("3As5 g5c4", "3As5g5c4") },
    { name: "without its first group", text: KEY.slice(5) },
    { name: "without its last group", text: KEY.slice(0, -5) },
    { name: "with a capital letter wrong", text: KEY.replace("Es", "es") },
  ])("$name", ({ text }) => {
    expect(looksLikeRecoveryKey(text)).toBe(true);
  });

  it("for every key, in groups and joined", () => {
    const random = seededRandom(3);
    const missed: string[] = [];
    for (let count = 0; count < 2_000; count += 1) {
      const key = encodeRecoveryKey(Uint8Array.from({ length: 32 }, () => Math.floor(random() * 256))) ?? "";
      const forms = [key, key.replaceAll(" ", "")].map((form) => `!keys copy ${form}`);
      missed.push(...forms.filter((form) => !looksLikeRecoveryKey(form)));
    }
    expect(missed).toEqual([]);
  });
});

describe("a text does not have the shape of a recovery key", () => {
  it.each<{ name: string; text: string }>([
    { name: "nothing", text: "" },
    { name: "a command", text: "!migrate plan --exclude #3 --exclude #4 --server old.example --no-direct" },
    {
      name: "short words",
      text: "they said that this room must move soon and that some more will come over next week",
    },
    {
      name: "short words with numbers",
      text: "From 2019 till 2021 they were here with Anna then 3 more came and 12 left and 40 more sent mail",
    },
    {
      name: "capital letters",
      text: "THEY SAID THAT THIS ROOM MUST MOVE SOON AND THAT SOME MORE WILL COME OVER",
    },
    { name: "a checksum", text: "2fd4e1c67a2d28fced849ee1bb76e7391b93eb12" },
    { name: "a longer checksum", text: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
    { name: "a room ID", text: "!keys check !aBcDeFgHiJkLmNoPqR:example.org" },
    { name: "a room ID of version 12", text: "!keys check !31hneApxJ1oOaDrPaBcDeFgHiJkLmNoPqRsT1234567" },
    {
      name: "a link to an event",
      text: "https://matrix.to/#/!aBcDeFgHiJkLmNoPqR:example.org/$31hneApxJ1oOaDrPaBcDeFgHiJkLmNoPqRsT1234567",
    },
    { name: "an identifier", text: "550e8400-e29b-41d4-a716-446655440000" },
    { name: "half a key", text: KEY.slice(0, 29) },
    { name: "a long text of letters and digits", text: "aB3".repeat(40) },
  ])("$name", ({ text }) => {
    expect(looksLikeRecoveryKey(text)).toBe(false);
  });
});
