import type { KeyCopy, KeyPurpose } from "../../model/key-copy.ts";
import type { Block, Inline } from "../document/document.ts";
import { paragraph, strong } from "../document/document.ts";
import { formatCount, plural } from "../document/numbers.ts";

/** The name of work with keys at the beginning of a sentence. */
export const workNames: Readonly<Record<KeyPurpose, string>> = {
  copy: "The copy of your keys",
  import: "The import of your keys",
  export: "The export of your keys",
};

/** The command that begins work with keys, without what opens the old backup. */
export function workCommand(purpose: KeyPurpose, prefix: string): string {
  return `${prefix}${purpose === "copy" ? "keys copy" : `keys ${purpose} --passphrase "…"`}`;
}

/** `4,200 of 12,345 keys`. */
export function keysDone({ done, total }: Pick<KeyCopy, "done" | "total">): string {
  return `${formatCount(done)} of ${formatCount(total)} ${plural(total, "key")}`;
}

/** `12,345 keys`. */
export function keyCount(amount: number): string {
  return `${formatCount(amount)} ${plural(amount, "key")}`;
}

/** Work that is under way, in one sentence. */
export function underWayWords(copy: Pick<KeyCopy, "purpose" | "done" | "total">): Inline[] {
  return [
    workNames[copy.purpose],
    " is ",
    strong("under way"),
    copy.total === 0 ? "." : `: ${keysDone(copy)}.`,
  ];
}

/** Says that a command ended other work that waited; empty if there was none. */
export function replacedWork(replaced: Pick<KeyCopy, "purpose" | "state"> | null): Block[] {
  if (replaced === null) return [];
  const erased =
    replaced.state === "verifying" || replaced.state === "needs_key"
      ? ""
      : " I have erased what opened the keys for it.";
  return [paragraph(`${workNames[replaced.purpose]} that waited is ended by this.${erased}`)];
}
