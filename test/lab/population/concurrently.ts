/**
 * Does every task, at most `limit` at a time, begun in order.
 * @returns the results in the order of the tasks
 * @throws what the first task that failed threw; none is begun afterwards, and those begun have
 * ended
 */
export async function concurrently<T>(limit: number, tasks: readonly (() => Promise<T>)[]): Promise<T[]> {
  const results = new Map<number, T>();
  const failures: unknown[] = [];
  const waiting = [...tasks.entries()];
  let next = 0;
  async function work(): Promise<void> {
    for (let entry = waiting[next++]; entry !== undefined && failures.length === 0; entry = waiting[next++]) {
      const [index, task] = entry;
      try {
        results.set(index, await task());
      } catch (error) {
        failures.push(error);
      }
    }
  }
  await Promise.all(Array.from({ length: limit }, work));
  if (failures.length > 0) throw failures[0];
  return [...results.entries()].sort(([left], [right]) => left - right).map(([, result]) => result);
}
