import { z } from "zod";

/**
 * How one kind of value is stored as JSON. The key `v` is the version. Rows from before versions
 * have no `v` and count as version 1.
 */
export interface StoredFormat<T extends object> {
  toStored(value: T): object;
  /** @returns `null` for an unreadable value; unknown keys are left out */
  fromStored(json: unknown): T | null;
}

/** Converts a value of one version to the next version. */
type Upgrade = (old: Readonly<Record<string, unknown>>) => Record<string, unknown>;

/**
 * @param version the version that is written; values of newer versions are read by the same schema
 * @param upgrades by the version that they read; none if the schema reads both versions
 */
export function storedFormat<T extends object>({
  version,
  schema,
  upgrades = {},
}: {
  version: number;
  schema: z.ZodType<T>;
  upgrades?: Readonly<Record<number, Upgrade>>;
}): StoredFormat<T> {
  return {
    toStored: (value) => ({ v: version, ...value }),
    fromStored(json) {
      const stored = z.record(z.string(), z.unknown()).safeParse(json);
      if (!stored.success) return null;
      const { v, ...rest } = stored.data;
      let value: Record<string, unknown> = rest;
      for (let from = typeof v === "number" ? v : 1; from < version; from += 1)
        value = upgrades[from]?.(value) ?? value;
      const { data } = schema.safeParse(value);
      return data ?? null;
    },
  };
}
