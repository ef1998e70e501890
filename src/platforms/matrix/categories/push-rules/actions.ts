import { isJsonObject } from "../../api/json.ts";
import { isSameJson } from "../../api/same-json.ts";

/**
 * Whether two lists of actions have the same effect. Servers write one effect in several forms:
 *
 * - Synapse writes `highlight: false` where the specification has nothing, and uses another order
 *   (seen with 1.163).
 * - Old rules have `dont_notify`, which has no effect since v1.7.
 * - Old rules have `coalesce`, which means `notify`.
 */
export function hasSameEffect(one: readonly unknown[], other: readonly unknown[]): boolean {
  const effect = effectOf(one);
  const otherEffect = effectOf(other);
  if (effect.size !== otherEffect.size) return false;
  return [...effect].every(
    ([name, value]) => otherEffect.has(name) && isSameJson(value, otherEffect.get(name)),
  );
}

function effectOf(actions: readonly unknown[]): Map<string, unknown> {
  const effect = new Map<string, unknown>();
  for (const action of actions) {
    if (action === "dont_notify") continue;
    const tweak = isJsonObject(action) ? action["set_tweak"] : undefined;
    if (action === "notify" || action === "coalesce") effect.set("notify", true);
    else if (typeof action === "string") effect.set(`action ${action}`, true);
    else if (!isJsonObject(action) || typeof tweak !== "string") effect.set(`unknown ${effect.size}`, action);
    else if (tweak !== "highlight") effect.set(`tweak ${tweak}`, action["value"]);
    else if (action["value"] !== false) effect.set("tweak highlight", true);
  }
  return effect;
}
