import { expect, it } from "vitest";
import { roomOfWord } from "../../../src/commands/filters.ts";

const HASH_ID = "!31hneApxJ_1o-63DmFrpeqnkFfWppnzWso1JvH3ogLM";
const SHOWN = ["!first:x.org", HASH_ID];

it.each([
  { word: "#choir:x.org", room: "#choir:x.org" },
  { word: "#choir:x.org.", room: "#choir:x.org" },
  { word: "!first:x.org,", room: "!first:x.org" },
  { word: HASH_ID, room: HASH_ID },
  { word: `${HASH_ID}.`, room: HASH_ID },
  { word: "#2.", room: HASH_ID },
  { word: "#2", room: HASH_ID },
  { word: "#9", room: "#9" },
  { word: `https://matrix.to/#/${HASH_ID}?via=x.org`, room: HASH_ID },
  { word: "https://matrix.to/#/%23choir:x.org.", room: "#choir:x.org" },
  { word: "...", room: "..." },
])("the word $word names the room $room", ({ word, room }) => {
  expect(roomOfWord(word, SHOWN)).toBe(room);
});
