/** Stops a part of the bot. */
export type Stop = () => Promise<void>;

/**
 * Stops layers one after the other. The parts of one layer stop at once, because each gives its
 * running work some time. A part that fails keeps no other from stopping.
 * @throws the first error of a part
 */
export async function stopLayers(layers: readonly (readonly Stop[])[]): Promise<void> {
  const failures: unknown[] = [];
  for (const layer of layers) {
    const results = await Promise.allSettled(layer.map((stop) => stop()));
    for (const result of results) if (result.status === "rejected") failures.push(result.reason);
  }
  if (failures.length > 0) throw failures[0];
}
