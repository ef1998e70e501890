import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { fakeClient } from "./fake-client.ts";
import { SECRET, failing, item, pass, setUp } from "./outbox-setup.ts";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date", "performance"] });
});
afterEach(() => {
  vi.useRealTimers();
});

describe("over a crash", () => {
  it("before an answer, the message is sent again with the same transaction ID, so that nothing is said twice", async () => {
    const { outbox, state, reopen, sent, bodies, requests } = await setUp();
    const first = outbox();
    // The event is made, and the answer never comes.
    let isFirst = true;
    const lost = Promise.withResolvers<unknown>();
    const { client: server, sent: made } = fakeClient();
    state.answer = async ({ method, path, body }) => {
      if (!isFirst) return server.doRequest(method, path, null, body);
      isFirst = false;
      await server.doRequest(method, path, null, body);
      return lost.promise;
    };
    await first.add(item("one"));
    await first.add(item("two"));
    first.start();
    await pass(0);
    const next = outbox(await reopen());
    next.start();
    await pass(0);
    expect(made().map(({ content }) => content)).toMatchObject([{ body: "one" }, { body: "two" }]);
    expect(requests.map(({ path }) => path.split("/").at(-1))).toEqual(["one", "one", "two"]);
    expect([sent(), bodies()]).toEqual([[], []]);
    await next.stop();
  });

  it("by an error in each try of one message, the message is given up, and no other is", async () => {
    const { outbox, state, reopen, bodies, lines, store: first } = await setUp();
    const lost = Promise.withResolvers<never>();
    state.answer = ({ path }) =>
      path.endsWith("/poison") || (path.endsWith("/slow") && crashes === 0) ? lost.promise : undefined;
    await first.outbox.add(item("poison", { content: { body: SECRET } }), Date.now());
    await first.outbox.add(item("slow", { roomId: "!other" }), Date.now());
    await first.outbox.add(item("next"), Date.now());
    let store = first;
    let crashes = 0;
    for (; crashes < 6; crashes++) {
      const running = outbox(store);
      running.start();
      await pass(0);
      if (crashes === 5) break;
      store.noteCrash(running.underWay);
      store = await reopen();
    }
    expect(bodies()).toEqual(["slow", "next"]);
    expect(await store.outbox.result("poison")).toEqual({ status: "failed", failure: "crashed_too_often" });
    expect(lines.join("")).toContain("the process ended in every try to send it");
    expect(lines.join("")).not.toContain(SECRET);
  });

  it("by kills, even by many, no message is given up", async () => {
    const { outbox, state, reopen, bodies, store: first } = await setUp();
    const lost = Promise.withResolvers<never>();
    let isLost = true;
    state.answer = () => (isLost ? lost.promise : undefined);
    await first.outbox.add(item("one"), Date.now());
    let store = first;
    for (let kill = 0; kill < 30; kill++) {
      outbox(store).start();
      await pass(0);
      store = await reopen();
    }
    isLost = false;
    outbox(store).start();
    await pass(0);
    expect(bodies()).toEqual(["one"]);
  });

  it("after tries that failed in another way, the message is not given up", async () => {
    const { outbox, state, reopen, bodies, store: first } = await setUp();
    state.answer = failing("one", new Error("ECONNREFUSED"), 6);
    await first.outbox.add(item("one"), Date.now());
    let store = first;
    for (let start = 0; start < 7; start++) {
      const running = outbox(store);
      running.start();
      await pass(60_000);
      await running.stop();
      store = await reopen();
    }
    expect(bodies()).toEqual(["one"]);
  });

  it("what was not tried is sent, what was sent is not, and its outcome is known", async () => {
    const { outbox, reopen, bodies } = await setUp();
    const first = outbox();
    first.start();
    await first.add(item("one"));
    await pass(0);
    await first.stop();
    await first.add(item("two"));
    const next = outbox(await reopen());
    await next.add(item("one"));
    next.start();
    await pass(0);
    expect(bodies()).toEqual(["one", "two"]);
    expect(await next.waitFor("one", 1_000)).toEqual({ status: "sent", eventId: "$sent1" });
    await next.stop();
  });
});
