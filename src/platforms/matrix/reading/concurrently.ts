/**
 * Does the work for every item, at most `limit` at a time, started in the order of the items.
 * @returns the answers in the order of the items
 * @throws the first failure; no work is started after it, and all started work has ended
 */
export async function concurrently<Item, Answer>(
  items: readonly Item[],
  limit: number,
  work: (item: Item) => Promise<Answer>,
): Promise<Answer[]> {
  const answers = new Map<number, Answer>();
  const failures: unknown[] = [];
  const queue = items.entries();
  async function run(): Promise<void> {
    for (const [index, item] of queue) {
      try {
        answers.set(index, await work(item));
      } catch (error) {
        failures.push(error);
      }
      if (failures.length > 0) return;
    }
  }
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, run));
  if (failures.length > 0) throw failures[0];
  return [...answers].sort(([left], [right]) => left - right).map(([, answer]) => answer);
}
