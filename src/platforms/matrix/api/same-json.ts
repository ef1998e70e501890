import { isJsonObject } from "./json.ts";

/**
 * Whether two JSON values are equal. The order of keys does not count. Not recursive, because
 * values from servers can be nested to any depth.
 */
export function isSameJson(left: unknown, right: unknown): boolean {
  const pairs: (readonly [unknown, unknown])[] = [[left, right]];
  for (let pair = pairs.pop(); pair !== undefined; pair = pairs.pop()) {
    const [one, other] = pair;
    if (one === other) continue;
    if (Array.isArray(one) && Array.isArray(other)) {
      if (one.length !== other.length) return false;
      for (const [index, entry] of one.entries()) pairs.push([entry, other[index]]);
      continue;
    }
    if (!isJsonObject(one) || !isJsonObject(other)) return false;
    const keys = Object.keys(one);
    if (keys.length !== Object.keys(other).length) return false;
    for (const key of keys) {
      if (!Object.hasOwn(other, key)) return false;
      pairs.push([one[key], other[key]]);
    }
  }
  return true;
}
