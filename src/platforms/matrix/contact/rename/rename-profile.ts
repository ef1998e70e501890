import { writeProfileField } from "../../categories/profile/step.ts";
import { readProfile } from "../../reading/account-details.ts";
import { defineStep } from "../../steps/define-step.ts";
import { CHANGED_SINCE } from "../../steps/step-errors.ts";
import { alreadyDone, writeWithUndo } from "../../steps/write-with-undo.ts";
import { givenNameRecord, renameProfilePayload } from "./payloads.ts";

/**
 * Gives the source a new name. Its server writes the name into every room
 * (platforms/matrix/README.md, "Profile"). The undo brings the former name back if the source still
 * has the new one.
 */
export const renameProfileStep = defineStep({
  payload: renameProfilePayload,
  undoRecord: givenNameRecord,
  async run({ name, shown, former }, scope) {
    const { source } = scope;
    const { displayName } = await readProfile(source, source.userId);
    if (displayName === name) return alreadyDone(scope);
    if (displayName !== shown) return CHANGED_SINCE;
    const undo = { name, former };
    await writeWithUndo(scope, { undo }, () =>
      writeProfileField(source, { key: "displayname", value: name }),
    );
    return { status: "done", undo };
  },
  async undo({ name, former }, { source }) {
    const { displayName } = await readProfile(source, source.userId);
    if (displayName !== name) return { status: "already_done" };
    await writeProfileField(source, { key: "displayname", value: former });
    return { status: "done" };
  },
});
