import { expect, it } from "vitest";
import { renderPlainText } from "../../../../src/view/document/plain-text.ts";
import { undoRefused } from "../../../../src/view/migrate/undo.ts";

it("nothing to undo does not mean that nobody was written to", () => {
  const said = renderPlainText(undoRefused({ status: "nothing_to_undo" }, "!").document);
  expect(said).toContain("There is nothing to take back in your accounts.");
  expect(said).toContain("Messages to people, and chats with them, always stay.");
});
