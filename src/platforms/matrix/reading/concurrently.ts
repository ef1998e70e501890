/**
 * Does something for every item, so many at a time, answers in the items' order. After a failure
 * nothing new is begun, what is under way is waited for, and the first failure is thrown.
 */
export async function inParallel<Item, Answer>(
  items: readonly Item[],
  atMost: number,
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
  await Promise.all(Array.from({ length: Math.min(atMost, items.length) }, run));
  if (failures.length > 0) throw failures[0];
  return [...answers].sort(([left], [right]) => left - right).map(([, answer]) => answer);
}
