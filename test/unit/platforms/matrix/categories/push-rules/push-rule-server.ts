import type { ScriptedRequest, Answer } from "../../../../../support/fakes/scripted-context.ts";

export interface RawRule {
  rule_id: string;
  default: boolean;
  enabled: boolean;
  actions: unknown[];
  conditions?: unknown[];
  pattern?: string;
}

export function rule(ruleId: string, more: Partial<RawRule> = {}): RawRule {
  return { rule_id: ruleId, default: false, enabled: true, actions: ["notify"], ...more };
}

export function preset(ruleId: string, more: Partial<RawRule> = {}): RawRule {
  return { rule_id: ruleId, default: true, enabled: true, actions: [], conditions: [], ...more };
}

/**
 * Push rules as Synapse 1.163 keeps them (measured):
 * - A new rule is enabled and is the first of its kind.
 * - `before` and `after` name the user's own rules.
 * - A rule that exists is moved.
 */
export class PushRuleServer {
  readonly global: Record<string, RawRule[]>;
  /** Rules that were off when they were deleted. Old Synapse makes them again switched off. */
  readonly switchedOff = new Set<string>();
  #requestsLeft = Infinity;

  constructor(rules: Record<string, RawRule[]>) {
    this.global = { ...this.empty(), ...rules };
  }

  empty(): Record<string, RawRule[]> {
    return { override: [], content: [], room: [], sender: [], underride: [] };
  }

  idsOf(kind: string): string[] {
    return (this.global[kind] ?? []).filter((each) => !each.default).map((each) => each.rule_id);
  }

  /** After this number of writes every write is answered with an error. */
  endsAfter(writes: number): void {
    this.#requestsLeft = writes;
  }

  answer({ method, path, query, body }: ScriptedRequest): Answer {
    if (method === "GET") return { json: { global: structuredClone(this.global) } };
    this.#requestsLeft -= 1;
    if (this.#requestsLeft < 0) return { status: 500, json: { errcode: "M_UNKNOWN" } };
    const [, , , kind = "", ruleId = "", part] = path.split("/");
    const rules = this.global[kind] ?? [];
    const at = rules.findIndex((each) => each.rule_id === ruleId);
    const existing = rules[at];
    const content = body as RawRule;
    if (part !== undefined || method === "DELETE") {
      if (existing === undefined) return { status: 404, json: { errcode: "M_NOT_FOUND" } };
      if (method === "DELETE") rules.splice(at, 1);
      else if (part === "enabled") existing.enabled = content.enabled;
      else existing.actions = content.actions;
      return {};
    }
    if (content.actions.includes("org.odd")) return refusal("Unrecognised action org.odd");
    const next = query.get("before") ?? query.get("after");
    if (next !== null && !this.idsOf(kind).includes(next))
      return refusal(`before/after rule not found: ${next}`);
    if (existing !== undefined) rules.splice(at, 1);
    const neighbour = rules.findIndex((each) => each.rule_id === next);
    const place = next === null ? 0 : query.has("before") ? neighbour : neighbour + 1;
    rules.splice(
      place,
      0,
      rule(ruleId, { ...content, enabled: existing?.enabled ?? !this.switchedOff.has(ruleId) }),
    );
    return {};
  }
}

function refusal(error: string): Answer {
  return { status: 400, json: { errcode: "M_UNKNOWN", error } };
}
