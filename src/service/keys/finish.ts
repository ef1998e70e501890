import type { CopiedKeys, KeyCopy } from "../../model/key-copy.ts";
import type { KeyCopyResult } from "../../platforms/keys.ts";
import type { KeyCopies } from "../../store/key-copies.ts";
import type { KeyCopyListener } from "./listener.ts";
import type { KeyCopyEnd } from "./results.ts";

export interface FinishOptions {
  copies: Pick<KeyCopies, "finish">;
  listener: Pick<KeyCopyListener, "ended" | "changed">;
  /** Called when keys of a person were copied. */
  copied: (owner: string) => void;
  now: () => number;
}

/**
 * Stores the end of a copy or an import. The message is sent before the end is stored. A crash in
 * between repeats the same message.
 */
export async function finishCopy(
  copy: KeyCopy,
  result: Extract<KeyCopyResult, { status: "copied" }>,
  { copies, listener, copied: wereCopied, now }: FinishOptions,
): Promise<void> {
  const { unusable, lost, to } = result;
  const alreadyThere = copy.alreadyThere ?? result.counts.alreadyThere;
  // What earlier calls of the same work sent counts as copied.
  const copied = Math.max(0, result.counts.copied + result.counts.alreadyThere - alreadyThere);
  const counts = { ...result.counts, copied, alreadyThere };
  await listener.ended({ ...copy, state: "done", reason: null, to }, { counts, unusable, lost });
  const { source, target, from } = copy;
  const facts: CopiedKeys | null =
    source === null || target === null || from === null
      ? null
      : { source, target, from, to, ...counts, copiedAt: now() };
  const done = await copies.finish(copy.id, facts, unusable);
  if (done !== null) listener.changed(done);
  wereCopied(copy.owner);
}

/** Stores the end of an export, in the same order. */
export async function finishExport(
  copy: KeyCopy,
  end: KeyCopyEnd,
  { copies, listener }: FinishOptions,
): Promise<void> {
  await listener.ended({ ...copy, state: "done", reason: null }, end);
  const done = await copies.finish(copy.id, null, new Map());
  if (done !== null) listener.changed(done);
}
