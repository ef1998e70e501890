/**
 * The fewest elements that must move so that the rest is in order: every element outside the
 * longest increasing subsequence (patience sorting, n log n).
 * @param places the present place of each element, in the desired order; no place twice
 * @returns indexes into `places`
 */
export function outOfOrder(places: readonly number[]): Set<number> {
  // For each length, the index of the smallest place that ends an increasing subsequence of it.
  const ends: number[] = [];
  const before: (number | undefined)[] = [];
  for (const [index, place] of places.entries()) {
    const length = firstNotBelow(ends, place, places);
    before.push(ends[length - 1]);
    ends[length] = index;
  }
  const moved = new Set(places.keys());
  for (let index = ends.at(-1); index !== undefined; index = before[index]) moved.delete(index);
  return moved;
}

function firstNotBelow(ends: readonly number[], place: number, places: readonly number[]): number {
  let low = 0;
  let high = ends.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((places[ends[middle] ?? 0] ?? 0) < place) low = middle + 1;
    else high = middle;
  }
  return low;
}
