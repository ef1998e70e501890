import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { moderator } from "../support/contact/contact-world.ts";
import type { FaultyMoveEnvironment } from "../support/environments/faulty-move-environment.ts";
import { createFaultyMoveEnvironment } from "../support/environments/faulty-move-environment.ts";
import type { FilesInChat } from "../support/environments/files-in-chat.ts";
import { filesInChat } from "../support/environments/files-in-chat.ts";

/** What the tests of this file share. They run in order, and later ones need earlier ones. */
interface Story {
  move: FaultyMoveEnvironment;
  chat: FilesInChat;
  /** Public ones, and a closed one in which the old account may invite. */
  rooms: Record<"garden" | "harbour" | "closed", string>;
  /** The answer to the start. */
  after: string;
  release: () => void;
}

const story = {} as Story;

describe("a move by files, when the old server comes back half-way", () => {
  beforeAll(async () => {
    const move = await createFaultyMoveEnvironment({ seed: 79, rooms: { count: 1 } });
    const mo = await moderator(move, "mo", "new");
    const { source } = move;
    const members = [source];
    const [garden, harbour, closed] = await Promise.all([
      mo.makeRoom({ name: "Garden", members, joinRule: "public" }),
      mo.makeRoom({ name: "Harbour", members, joinRule: "public" }),
      mo.makeRoom({ name: "Closed", members, users: { [source.userId]: 100 } }),
    ]);
    Object.assign(story, { move, chat: filesInChat(move), rooms: { garden, harbour, closed } });
    const file = await story.chat.download("!export rooms", /^rooms-/u);
    await move.ask("!logout old");
    await move.pair.old.stop();
    await story.chat.send("rooms.json", file);
    await move.ask("!import", /^✅ I have read your file/u);
    await move.ask("!migrate plan", /^Plan 1/u);
  });

  afterAll(() => story.move.close());

  it("goes on by files, and says that the old account can be signed in", async () => {
    const { move, rooms } = story;
    const isHeld = holdJoin(rooms.harbour);
    story.after = (await move.askForMessage("!migrate start", /^Started/u)).eventId;
    await isHeld;
    await move.pair.old.start();
    const status = await move.ask("!migrate status", /answers again/u);
    expect(status).toContain(`!login old ${move.source.userId}`);
    await move.ask("!migrate plan", /^Good news: the server of your old account/u);
  });

  it("does the rest of the same move with the old account, once it is signed in", async () => {
    const { move, rooms } = story;
    expect(await move.signIn("old")).toContain("I continue by myself");
    const plan = await move.ask("!migrate plan", /^Plan 2/u);
    expect(plan).toMatch(/by an invitation from your old account/u);
    expect(plan).toMatch(/Since your files of .*: the same rooms/u);
    story.release();
    const { content } = await move.waitFor(/^The move is done\./u, { after: story.after });
    expect(content["body"]).toContain("1 invitation sent");
    const joined = await move.target.joinedRooms();
    expect(Object.values(rooms).filter((roomId) => !joined.has(roomId))).toEqual([]);
    expect(await move.ask("!migrate plan", /^Plan 3/u)).toMatch(/0 I can move/u);
  });
});

/** Holds joins of a room until the story releases them. Resolves when one has begun. */
function holdJoin(roomId: string): Promise<undefined> {
  const begun = Promise.withResolvers<undefined>();
  const released = Promise.withResolvers<undefined>();
  story.release = () => released.resolve(undefined);
  story.move.newServer.setRule(({ method, path }) => {
    if (method !== "POST" || !path.includes(encodeURIComponent(roomId))) return undefined;
    begun.resolve(undefined);
    return { kind: "hold", until: released.promise };
  });
  return begun.promise;
}
