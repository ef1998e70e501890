import { describe, expect, it } from "vitest";
import type { RunPurpose } from "../../../../src/model/run.ts";
import type { RunSummary } from "../../../../src/platforms/runs.ts";
import { renderPlainText } from "../../../../src/view/document/plain-text.ts";
import { cancelAnswer } from "../../../../src/view/migrate/cancel.ts";
import { noDeeds } from "../../../support/fakes/move-samples.ts";
import { runStatus } from "../../../support/fakes/scripted-moves.ts";

function cancelled(purpose: RunPurpose, summary: Partial<RunSummary> = {}): string {
  const result = { run: runStatus({ purpose }), summary: { ...noDeeds, ...summary } };
  const { document } = cancelAnswer({ status: "cancelled", ...result, others: [], isIdle: true }, "!");
  return renderPlainText(document);
}

describe("the answer to a cancel", () => {
  it("lists the questions that were sent, and those that were not", () => {
    const mo = { userIds: ["@mo:old.example"], way: "direct", rooms: 3, result: "sent" } as const;
    const nia = { userIds: ["@nia:old.example"], way: "new_direct", rooms: 1, result: "not_needed" } as const;
    const said = cancelled("ask", { questions: [mo, nia] });
    for (const words of [
      "Asking for help is cancelled. What is done stays done.",
      "Asked (1)",
      "@mo:old.example in your direct chat, about 3 rooms",
      "Not asked (1)",
      "!ask asks the others. When somebody lets your new account in, !join-all joins.",
    ])
      expect(said).toContain(words);
    expect(said).not.toMatch(/Nothing was written|migrate undo|migrate plan/u);
  });

  it("lists the direct chats that were opened", () => {
    const said = cancelled("direct_chats", { chats: [{ userId: "@mo:old.example", problem: null }] });
    expect(said).toMatch(/What is done stays done\.\s+Direct chats opened \(1\)\s+- @mo:old\.example/u);
    expect(said).toContain("!dm opens the other chats.");
  });

  it("says that nothing was written if no question could be sent", () => {
    const nia = { userIds: ["@nia:old.example"], way: "new_direct", rooms: 1, result: "refused" } as const;
    expect(cancelled("ask", { questions: [nia] })).toContain("Nothing was written.");
  });

  it.each<{ purpose: RunPurpose; next: string }>([
    { purpose: "move", next: "For the rest, plan again: !migrate plan." },
    { purpose: "undo", next: "For the rest, plan again: !migrate plan." },
    { purpose: "knock", next: "!knock knocks at the other rooms." },
    { purpose: "announce", next: "!announce tells the other rooms." },
    { purpose: "rename", next: "!rename-old changes the other names." },
    { purpose: "mentions", next: "!finish mentions makes the rule again." },
    { purpose: "leave", next: "Leaving can't be taken back. !leave-old moved leaves the other rooms." },
  ])("ends with what to do about the rest ($purpose)", ({ purpose, next }) => {
    expect(cancelled(purpose)).toContain(next);
  });

  it("offers an undo only for what can be taken back", () => {
    const told = [{ roomId: "!a:old.example", name: null, problem: null }];
    expect(cancelled("announce", { told })).not.toContain("!migrate undo");
    expect(cancelled("rename", { names: told })).toContain(
      "!migrate undo takes back what can be taken back.",
    );
    expect(cancelled("ask", { knocks: 1 })).toContain("!migrate undo takes back what can be taken back.");
  });

  it("names each next command once for several runs", () => {
    const of = (purpose: RunPurpose) => ({ run: runStatus({ purpose }), summary: noDeeds });
    const others = [of("ask"), of("joins"), of("ask")];
    const said = renderPlainText(
      cancelAnswer({ status: "cancelled", ...of("move"), others, isIdle: true }, "!").document,
    );
    expect(said.match(/!ask/gu)).toHaveLength(1);
    expect(said.match(/!migrate plan/gu)).toHaveLength(1);
  });
});
