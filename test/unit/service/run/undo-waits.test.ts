import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { UnreachableError } from "../../../../src/network/unreachable-error.ts";
import { messageContent } from "../../../../src/view/document/message.ts";
import { progressMessage } from "../../../../src/view/migrate/status.ts";
import type { FakeBot } from "../../../support/fakes/fake-bot.ts";
import { OWNER, fakePerson, makePlan, request, startFakeBot } from "../../../support/fakes/fake-bot.ts";
import type { FakeRequest } from "../../../support/fakes/fake-homeservers.ts";
import { temporaryFolder } from "../../../support/store/temporary-store.ts";

let bot: FakeBot;
let onRequest: (request: FakeRequest) => void | Promise<void>;

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] });
  onRequest = () => undefined;
  bot = startFakeBot({
    folder: await temporaryFolder(),
    servers: fakePerson(),
    onRequest: (asked) => onRequest(asked),
  });
  await makePlan(bot);
  await bot.runServices.start();
});
afterEach(async () => {
  await bot.runServices.stop();
  await bot.store.close();
  vi.useRealTimers();
});

async function pass(ms: number): Promise<void> {
  await vi.advanceTimersByTimeAsync(ms);
}

async function undo(): Promise<void> {
  const { starter } = bot.runServices;
  const address = { ...request.address, eventId: "$undo" };
  const preview = await starter.previewUndo({ owner: OWNER, address });
  if (preview.status !== "possible") throw new Error(preview.status);
  const confirmed = { shown: preview.shown, leavesAnyway: false };
  expect((await starter.undo({ owner: OWNER, address }, confirmed)).status).toBe("started");
}

/** What the person reads. */
async function progress(): Promise<string> {
  const [status] = await bot.runServices.overview.statuses(OWNER);
  if (status === undefined) throw new Error("there is no run");
  return messageContent(progressMessage(status, Date.now(), "!"), []).body;
}

it("an undo says that it waits for a server that is away", async () => {
  await bot.runServices.starter.start(request);
  await pass(60_000);
  await undo();
  onRequest = ({ host }) => {
    if (host === "new.example") throw new UnreachableError("refused", host);
  };
  await pass(60_000);
  expect(await progress()).toMatch(
    /The undo .* is under way.*new\.example does not answer; I try again at/su,
  );
});

it("an undo says that it waits for a request of the move before", async () => {
  const answered = Promise.withResolvers<undefined>();
  onRequest = async ({ path }) => {
    if (path.includes("/join/!public")) await answered.promise;
  };
  await bot.runServices.starter.start(request);
  await pass(5_000);
  const cancelling = bot.runServices.control.cancel(OWNER);
  await pass(30_000);
  expect((await cancelling).status).toBe("cancelled");
  await undo();
  await pass(10_000);
  expect(await progress()).toContain("A server has not answered the last request of the run before.");
  answered.resolve(undefined);
  await pass(60_000);
  const over = await progress();
  expect(over).toContain("The undo @me:old.example → @me:new.example is over");
  expect(over).not.toContain("has not answered");
});
