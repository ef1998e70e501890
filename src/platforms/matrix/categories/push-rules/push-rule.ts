import type { JsonObject } from "../../api/json.ts";
import { isJsonObject, isTooComplex } from "../../api/json.ts";

/** In the order of evaluation (CS §Push Rules). */
export const PUSH_RULE_KINDS = ["override", "content", "room", "sender", "underride"] as const;
export type PushRuleKind = (typeof PUSH_RULE_KINDS)[number];

/** One push rule of an account. */
export interface PushRule {
  readonly kind: PushRuleKind;
  readonly ruleId: string;
  /** The server's own rule. People may only switch it on and off and change its actions. */
  readonly isDefault: boolean;
  readonly isEnabled: boolean;
  readonly actions: readonly unknown[];
  /** Of `override` and `underride`; `null` elsewhere. */
  readonly conditions: readonly unknown[] | null;
  /** Of `content`; `null` elsewhere. */
  readonly pattern: string | null;
}

/** The push rules of an account. */
export interface PushRules {
  /** Ordered by kind. Within a kind, the first rule that matches counts. */
  readonly rules: readonly PushRule[];
  /** Names of entries that are no rules, and of unknown kinds that hold a person's own rules. */
  readonly malformed: readonly string[];
}

/** The name of a rule in reports. */
export function pushRuleName({ kind, ruleId }: Pick<PushRule, "kind" | "ruleId">): string {
  return `${kind}/${ruleId}`;
}

/** @param global rules by kind, as the server sent them */
export function readPushRules(global: JsonObject): PushRules {
  const rules = new Map<string, PushRule>();
  const malformed: string[] = [];
  for (const kind of PUSH_RULE_KINDS) {
    const list = global[kind] ?? [];
    if (!Array.isArray(list)) {
      malformed.push(kind);
      continue;
    }
    for (const [index, entry] of list.entries()) {
      const rule = readRule(kind, entry);
      if (rule === null || rules.has(pushRuleName(rule))) malformed.push(nameOfMalformed(kind, entry, index));
      else rules.set(pushRuleName(rule), rule);
    }
  }
  for (const [kind, list] of Object.entries(global)) {
    if (!isKnownKind(kind) && hasOwnRules(list)) malformed.push(kind);
  }
  return { rules: [...rules.values()], malformed };
}

function readRule(kind: PushRuleKind, entry: unknown): PushRule | null {
  if (!isJsonObject(entry) || isTooComplex(entry)) return null;
  const { rule_id: ruleId, default: isDefault, enabled, actions, conditions, pattern } = entry;
  if (typeof ruleId !== "string" || ruleId === "" || !Array.isArray(actions)) return null;
  const rule = {
    kind,
    ruleId,
    isDefault: isDefault === true || ruleId.startsWith("."),
    isEnabled: enabled !== false,
    actions,
  };
  if (kind === "override" || kind === "underride") {
    // A rule without conditions matches everything.
    const list: unknown = conditions ?? [];
    return Array.isArray(list) ? { ...rule, conditions: list, pattern: null } : null;
  }
  if (kind !== "content") return { ...rule, conditions: null, pattern: null };
  return typeof pattern === "string" ? { ...rule, conditions: null, pattern } : null;
}

function nameOfMalformed(kind: PushRuleKind, entry: unknown, index: number): string {
  const ruleId = isJsonObject(entry) ? entry["rule_id"] : null;
  return `${kind}/${typeof ruleId === "string" ? ruleId : `rule ${index + 1}`}`;
}

function isKnownKind(kind: string): boolean {
  return PUSH_RULE_KINDS.some((known) => known === kind);
}

/**
 * Kinds of unstable features hold only rules of the server's own (seen: Synapse's `postcontent`,
 * MSC4306).
 */
function hasOwnRules(list: unknown): boolean {
  return Array.isArray(list) && list.some((entry) => !isJsonObject(entry) || entry["default"] !== true);
}
