import { describe, expect, it } from "vitest";
import { createCommands, createConfirmableActions } from "../../../src/commands/registry.ts";
import type { Confirmation } from "../../../src/dialogue/conversation.ts";
import type { KeptInRoomReason, LeaveFacts, LeaveOrder } from "../../../src/platforms/contact.ts";
import type { ContactPreview } from "../../../src/service/contact/proposals.ts";
import { commandServices } from "../../support/fakes/command-services.ts";
import { room } from "../../support/fakes/move-samples.ts";
import { runStatus } from "../../support/fakes/scripted-moves.ts";
import { FakeConversation } from "./fake-conversation.ts";
import { typeCommand } from "./type-command.ts";

const SHOWN = ["!garden:old.example", "!attic:old.example"];

const leaves = ["Garden", "Kitchen"].map((name) => ({
  room: room(`!${name.toLowerCase()}:old.example`, { name }),
  dropsPower: name === "Garden",
  isUnheard: name === "Kitchen",
  lacksKeys: false,
}));
const kept = (name: string, ...reasons: KeptInRoomReason[]): LeaveFacts["kept"][number] => ({
  room: room(`!${name.toLowerCase()}:old.example`, { name }),
  reasons,
});
const ATTIC = kept("Attic", { code: "not_moved" }, { code: "alone" });
const CELLAR = kept("Cellar", { code: "keys_missing", missing: 12 });
const NOTICES = kept("Notices", { code: "server_notices" });
const facts: LeaveFacts = { leaves, kept: [ATTIC, CELLAR], outside: [], reason: "moved to @me:new.example" };

function setUp(shown: Partial<LeaveFacts> = {}) {
  const previewed: LeaveOrder[] = [];
  const confirmed: LeaveOrder[] = [];
  let isChanged = false;
  /** A rest is about its rooms only. */
  const previewOf = <Order extends object>(
    order: Order,
  ): Omit<ContactPreview<never>, "order"> & { order: Order } => {
    const { rooms, anyway } = order as Pick<LeaveOrder, "rooms" | "anyway">;
    const all = { ...facts, ...shown };
    const isMeant = ({ room: { roomId } }: { room: { roomId: string } }): boolean =>
      rooms.length === 0 || rooms.includes(roomId) || roomId === anyway;
    const some = { ...all, leaves: all.leaves.filter(isMeant), kept: all.kept.filter(isMeant) };
    const rest = { canBegin: true, durationMs: 5_000, shown: "digest" };
    return { status: "possible", order, facts: some as never, ...rest };
  };
  const services = commandServices({
    plans: { numberedRoomIds: async () => SHOWN },
    proposals: {
      preview: async ({ order }) => {
        // The test asks to leave alone.
        previewed.push(order as LeaveOrder);
        return previewOf(order);
      },
      confirm: async ({ order, rest = null }) => {
        if (isChanged) return { status: "changed", preview: previewOf(order) };
        confirmed.push(order as LeaveOrder);
        const run = runStatus({ purpose: "leave" });
        return {
          ...({ status: "started", run, changes: [], gone: [], isOnlyWatch: false } as const),
          preview: previewOf(order),
          ...(rest !== null && { rest: previewOf(rest) }),
        };
      },
    },
  });
  const commands = createCommands(services);
  const actions = createConfirmableActions(services);
  const conversation = new FakeConversation();
  const asked = (): Confirmation | undefined => conversation.asked.at(-1);
  return {
    ...{ previewed, confirmed, conversation },
    change: () => void (isChanged = true),
    asked,
    last: () => conversation.said.at(-1)?.text.replaceAll("\u2060", "") ?? "",
    words: () => [asked()?.word, ...(asked()?.typedWords ?? [])],
    type: (line: string) => typeCommand(commands, line, { conversation }),
    /** Answers the last question. What it stored went through JSON. */
    answer: async (word: string) => {
      const { action = "", payload, shown: digest = "" } = asked() ?? {};
      const stored: unknown = JSON.parse(JSON.stringify(payload));
      await actions[action]?.({ word, payload: stored, shown: digest }, conversation);
    },
  };
}

describe("!leave-old moved", () => {
  it("shows the rooms, the reason, and where the old account stays, and asks", async () => {
    const { type, previewed, last, words, asked } = setUp();
    await type("!leave-old moved");
    expect(previewed).toEqual([{ rooms: [], reason: null, withoutKeys: false, anyway: null }]);
    expect(words()).toEqual(["leave"]);
    expect(asked()?.numberedRooms).toEqual(["!attic:old.example", "!cellar:old.example"]);
    expect(last()).toContain("Shall your old account leave 2 rooms?");
    expect(last()).toContain("This can't be taken back");
    expect(last()).toContain("it gives its power back first");
    expect(last()).toContain("nobody there hears of it");
    expect(last()).toContain("moved to @me:new.example");
    expect(last()).toContain("nobody can ever enter it again");
    expect(last()).toContain("your new account lacks 12 keys");
    expect(last()).toContain("!leave-old #1");
  });

  it("begins after the word or its reaction", async () => {
    const { type, answer, confirmed, last } = setUp();
    await type("!leave-old moved");
    await answer("leave");
    expect(confirmed).toEqual([{ rooms: [], reason: null, withoutKeys: false, anyway: null }]);
    expect(last()).toContain("Your old account leaves the rooms, as shown");
  });

  it("asks nothing where there is nothing to leave, and numbers the rooms in which it stays", async () => {
    const { type, conversation } = setUp({ leaves: [] });
    await type("!leave-old moved");
    expect(conversation.asked).toEqual([]);
    expect(conversation.said.at(-1)?.options?.numberedRooms).toEqual([
      "!attic:old.example",
      "!cellar:old.example",
    ]);
  });

  it("takes only its own typed word without keys", async () => {
    const lacking = leaves.map((each) => ({ ...each, lacksKeys: true }));
    const { type, answer, words, previewed, confirmed } = setUp({ leaves: lacking, kept: [] });
    await type("!leave-old moved --without-keys");
    expect(previewed[0]?.withoutKeys).toBe(true);
    expect(words()).toEqual([null, "leave without keys"]);
    await answer("leave without keys");
    expect(confirmed[0]?.withoutKeys).toBe(true);
  });

  it("knows no room in a reason", async () => {
    const { type, previewed } = setUp();
    await type('!leave-old moved --reason "{rooms}"');
    expect(previewed).toEqual([]);
  });
});

describe("!leave-old with named rooms", () => {
  it("takes them by their number", async () => {
    const { type, previewed } = setUp();
    await type('!leave-old #2 #cellar:old.example --reason "bye, see {new}"');
    expect(previewed[0]).toMatchObject({
      rooms: ["!attic:old.example", "#cellar:old.example"],
      reason: "bye, see {new}",
    });
  });

  it("leaves a room at once by its word, and asks about the others again, with the same numbers", async () => {
    const { type, answer, words, last, confirmed, asked } = setUp();
    await type("!leave-old !attic:old.example !cellar:old.example !garden:old.example !kitchen:old.example");
    expect(words()).toEqual(["leave", "leave #1", "leave #2"]);
    await answer("leave #1");
    expect(confirmed.map(({ anyway }) => anyway)).toEqual(["!attic:old.example"]);
    expect(last()).toContain("Started. Your old account leaves #1, Attic");
    expect(last()).toContain("2 rooms as listed before, and 1 room in which something would be lost");
    expect(last()).toContain("#2 Cellar");
    expect(words()).toEqual(["leave", "leave #2"]);
    expect(asked()?.payload).toMatchObject({
      order: {
        rooms: ["!cellar:old.example", "!garden:old.example", "!kitchen:old.example"],
        anyway: null,
      },
    });
    await answer("leave #2");
    expect(words()).toEqual(["leave"]);
    await answer("leave");
    expect(confirmed.map(({ anyway }) => anyway)).toEqual([
      "!attic:old.example",
      "!cellar:old.example",
      null,
    ]);
    expect(last()).toContain("Your old account leaves the rooms, as shown");
  });

  it("asks about the rooms in which something would be lost when it leaves the others", async () => {
    const { type, answer, words, last } = setUp();
    await type("!leave-old !attic:old.example !cellar:old.example !garden:old.example !kitchen:old.example");
    await answer("leave");
    expect(last()).toContain("Your old account leaves 2 rooms, as shown.");
    expect(words()).toEqual([null, "leave #1", "leave #2"]);
  });

  it("asks nothing more after the last room has its word", async () => {
    const { type, answer, words, last, confirmed, conversation } = setUp({
      leaves: [],
      kept: [ATTIC, NOTICES],
    });
    await type("!leave-old !attic:old.example !notices:old.example");
    expect(words()).toEqual([null, "leave #1"]);
    expect(last()).toContain("Your old account stays, because something would be lost.");
    await answer("leave #1");
    expect(confirmed.map(({ anyway }) => anyway)).toEqual(["!attic:old.example"]);
    expect(conversation.asked).toHaveLength(1);
  });

  it("never leaves the room of a server's notices", async () => {
    const { type, conversation, last } = setUp({ leaves: [], kept: [NOTICES] });
    await type("!leave-old !notices:old.example");
    expect(conversation.asked).toEqual([]);
    expect(last()).toContain("lets nobody leave");
  });

  it("asks for the word of rooms without keys also after others were left", async () => {
    const lacking = leaves.map((each) => ({ ...each, lacksKeys: true }));
    const { type, answer, words, confirmed } = setUp({ leaves: lacking, kept: [ATTIC] });
    await type("!leave-old !attic:old.example !garden:old.example !kitchen:old.example --without-keys");
    expect(words()).toEqual([null, "leave without keys", "leave #1"]);
    await answer("leave #1");
    expect(words()).toEqual([null, "leave without keys"]);
    await answer("leave without keys");
    expect(confirmed).toMatchObject([{ anyway: "!attic:old.example" }, { anyway: null, withoutKeys: true }]);
  });

  it("shows everything again if something has changed, and begins nothing", async () => {
    const { type, answer, words, last, confirmed, change } = setUp();
    await type("!leave-old !attic:old.example !cellar:old.example !garden:old.example");
    change();
    await answer("leave #1");
    expect(confirmed).toEqual([]);
    expect(last()).toContain("Something has changed since I asked");
    expect(words()).toEqual(["leave", "leave #1", "leave #2"]);
  });
});
