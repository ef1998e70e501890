import type { Category, CategoryName } from "../../../model/categories.ts";
import { category } from "../../../model/categories.ts";
import type { NotMoved, NotMovedCode } from "../../../model/not-moved.ts";

/**
 * What the target should have in one category, and which items of the source are not moved. Each
 * item of the source is in one of the two lists.
 */
export interface Desired<Item> {
  readonly items: readonly Item[];
  readonly notMoved: readonly NotMoved[];
}

/** A category of the source compared with the target. */
export interface Comparison<Item = unknown> {
  readonly category: Category;
  /** The items behind the names in `category.missing`, in the same order. */
  readonly missingItems: readonly Item[];
  readonly notMoved: readonly NotMoved[];
}

/** The status of a desired item on the target. A code means that the item is not written. */
export type ItemStatus = "present" | "missing" | NotMovedCode;

/**
 * Compares the desired items of one category with the target. Plans and verifications are both made
 * from this comparison.
 * @param nameOf returns the name that people are shown
 */
export function compareItems<Item>(
  name: CategoryName,
  desired: Desired<Item>,
  nameOf: (item: Item) => string,
  statusOf: (item: Item) => ItemStatus,
): Comparison<Item> {
  const missingItems: Item[] = [];
  const notMoved: NotMoved[] = [...desired.notMoved];
  let present = 0;
  for (const item of desired.items) {
    const status = statusOf(item);
    if (status === "present") present += 1;
    else if (status === "missing") missingItems.push(item);
    else notMoved.push({ category: name, item: nameOf(item), code: status });
  }
  return { category: category(name, present, missingItems.map(nameOf)), missingItems, notMoved };
}
