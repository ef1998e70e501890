import { category } from "../../../model/categories.ts";
import type { Category, CategoryName } from "../../../model/categories.ts";
import type { NotMoved, NotMovedCode } from "./not-moved.ts";

/**
 * What should stand on the target in one category, and what of the source's is left out. Each item
 * of the source is in one of the two.
 */
export interface Desired<Item> {
  readonly wanted: readonly Item[];
  readonly notMoved: readonly NotMoved[];
}

export interface Comparison<Item = unknown> {
  readonly category: Category;
  /**
   * The items behind the names in `category.missing`, in the same order: what is left to be
   * written.
   */
  readonly missingItems: readonly Item[];
  readonly notMoved: readonly NotMoved[];
}

/** How one wanted item fares on the target; a code: it is not going to be written there. */
export type ItemStatus = "present" | "missing" | NotMovedCode;

/**
 * Compares the items of one category with what stands on the target; plans and verifications alike
 * are made from it.
 * @param nameOf as people are shown it
 */
export function compareItems<Item>(
  name: CategoryName,
  { wanted, notMoved }: Desired<Item>,
  nameOf: (item: Item) => string,
  statusOf: (item: Item) => ItemStatus,
): Comparison<Item> {
  const missingItems: Item[] = [];
  const left: NotMoved[] = [...notMoved];
  let present = 0;
  for (const item of wanted) {
    const standing = statusOf(item);
    if (standing === "present") present += 1;
    else if (standing === "missing") missingItems.push(item);
    else left.push({ category: name, item: nameOf(item), code: standing });
  }
  return { category: category(name, present, missingItems.map(nameOf)), missingItems, notMoved: left };
}
