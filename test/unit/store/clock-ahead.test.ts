import { describe, expect, it } from "vitest";
import type { RouteRefusal } from "../../../src/model/route-refusals.ts";
import { isTriedEnough } from "../../../src/model/route-refusals.ts";
import { temporaryStore } from "../../support/store/temporary-store.ts";

const DAY_MS = 24 * 3_600_000;
const NOW = 100 * DAY_MS;
const AHEAD = NOW + 30 * DAY_MS;

describe("what was stored while the clock was a month ahead", () => {
  it("is answered, if it is an invitation", async () => {
    const { store } = await temporaryStore();
    await store.invitations.put({ roomId: "!r", inviter: "@a:x", isDirect: true }, AHEAD);
    expect(await store.invitations.due(NOW)).toMatchObject([{ roomId: "!r" }]);
  });

  it("is not due early, if it is an invitation that waits for minutes", async () => {
    const { store } = await temporaryStore();
    await store.invitations.put({ roomId: "!r", inviter: "@a:x", isDirect: true }, NOW + 600_000);
    expect(await store.invitations.due(NOW)).toEqual([]);
  });

  it("cannot be answered for a month, if it is a question", async () => {
    const { store } = await temporaryStore();
    const address = {
      ...{ roomId: "!r", eventId: "$e", threadRoot: null, sender: "@a:x", isEncrypted: false },
      roomKind: "direct" as const,
    };
    const question = { address, word: "undo", typedWords: [], shown: "", action: "undo", payload: null };
    await store.questions.put({ ...question, transactionId: "ahead" }, null, AHEAD);
    expect(await store.questions.answerable("@a:x", "!r", "$answer", NOW)).toBeNull();
    expect(await store.questions.close("ahead", "$answer", NOW)).toBe(false);
    await store.questions.put({ ...question, transactionId: "now" }, null, NOW);
    expect(await store.questions.answerable("@a:x", "!r", "$answer", NOW - 60_000)).toMatchObject({
      transactionId: "now",
    });
  });

  it("shuts no route, if it is a refusal", () => {
    const refused = (at: number) => {
      const refusal: RouteRefusal = {
        ...{ route: "join", code: "refused", who: "room", facts: null, serverText: null, at },
      };
      return Array.from({ length: 50 }, () => refusal);
    };
    expect(isTriedEnough("join", refused(NOW), NOW)).toBe(true);
    expect(isTriedEnough("join", refused(AHEAD), NOW)).toBe(false);
  });
});
