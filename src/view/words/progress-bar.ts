/** The width that fits one line on phones (view/README.md, "What clients show"). */
const BAR_WIDTH = 20;

/** A bar of block characters: full only when everything is done, empty only when nothing is. */
export function progressBar(done: number, total: number): string {
  const share = total === 0 ? 1 : done / total;
  const filled =
    share >= 1
      ? BAR_WIDTH
      : Math.min(BAR_WIDTH - 1, Math.max(done > 0 ? 1 : 0, Math.floor(share * BAR_WIDTH)));
  return "█".repeat(filled) + "░".repeat(BAR_WIDTH - filled);
}
