import { findAccountData, readAccountData, writeAccountData } from "../../api/account-data.ts";
import type { JsonObject } from "../../api/json.ts";
import { isSameJson } from "../../api/same-json.ts";
import { defineStep } from "../../steps/define-step.ts";
import { UNREADABLE } from "../../steps/step-errors.ts";
import { writeWithUndo } from "../../steps/write-with-undo.ts";
import { statusOfContent } from "./desired-content.ts";
import { isChosenIn, otherForms } from "./forms.ts";
import type { WrittenContent } from "./plan.ts";
import { contentPayloadSchema, writtenContentSchema } from "./plan.ts";

/**
 * Writes account data of the account or of a room: as a whole, or only the keys that the target
 * lacks. Nothing that exists is replaced, and no choice in another form of the setting is
 * overridden. Clients write some types when they start, so both are read just before the write.
 *
 * The undo removes what was written, since nothing was there before. Account data cannot be
 * deleted; `{}` means the same (platforms/matrix/README.md, "Account data").
 */
export const contentStep = defineStep({
  payload: contentPayloadSchema,
  undoRecord: writtenContentSchema,
  async run({ forms, ...desired }, scope) {
    const { target, savedUndo } = scope;
    const isNew = scope.isJustJoined === true;
    const existing = isNew ? {} : await readAccountData(target, desired);
    if (existing === null) return UNREADABLE;
    const written = savedUndo === null ? null : stillThere(savedUndo, existing);
    const earlier: WrittenContent | null = written === null ? null : { ...desired, content: written };
    if (statusOfContent(desired, existing) !== "missing")
      return earlier === null ? { status: "already_done" } : { status: "done", undo: earlier };
    for (const form of isNew ? [] : otherForms(desired.type)) {
      const other = await findAccountData(target, { roomId: desired.roomId, type: form });
      if (isChosenIn(form, other, { content: desired.content, forms })) return { status: "already_done" };
    }
    const added = Object.fromEntries(
      Object.entries(desired.content).filter(([key]) => !Object.hasOwn(existing, key)),
    );
    const undo: WrittenContent = {
      ...desired,
      content: desired.isMerged ? { ...written, ...added } : desired.content,
    };
    const content = desired.isMerged ? { ...existing, ...added } : desired.content;
    await writeWithUndo(scope, { undo, earlier }, () => writeAccountData(target, desired, content));
    return { status: "done", undo };
  },
  async undo(written, { target }) {
    const existing = await readAccountData(target, written);
    if (existing === null) return UNREADABLE;
    const ours = stillThere(written, existing);
    if (ours === null) return { status: "already_done" };
    const rest = Object.entries(existing).filter(([key]) => !Object.hasOwn(ours, key));
    await writeAccountData(target, written, Object.fromEntries(rest));
    return { status: "done" };
  },
});

/** The part of the written content that still exists unchanged; `null` for none. */
function stillThere({ content, isMerged }: WrittenContent, existing: JsonObject): JsonObject | null {
  if (!isMerged) return isSameJson(content, existing) ? content : null;
  const kept = Object.entries(content).filter(
    ([key, value]) => Object.hasOwn(existing, key) && isSameJson(value, existing[key]),
  );
  return kept.length === 0 ? null : Object.fromEntries(kept);
}
