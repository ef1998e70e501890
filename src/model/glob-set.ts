import { matchesGlob } from "./glob.ts";

/** The number of comparisons that one budget allows. Patterns and texts may come from strangers. */
const MAX_COMPARISONS = 100_000;
/** The first texts are always compared, whatever the number of patterns. */
const MIN_TEXTS = 8;
const MAX_REMEMBERED = 10_000;

/** Counts the texts that were compared with patterns one by one, so that the costs are bounded. */
export interface GlobBudget {
  comparedTexts: number;
}

/** The texts between the stars of a pattern without a question mark. */
interface Parts {
  readonly first: string;
  readonly middle: readonly string[];
  readonly last: string;
}

/**
 * A compiled list of Matrix globs (appendices §Glob-style matching). Case does not count. Exact
 * texts and patterns of one star and an ending are looked up in a set; real lists consist of them.
 * All other patterns are compared one by one, within a budget.
 */
export class GlobSet {
  readonly #exact = new Set<string>();
  /** The texts after the star of patterns like `*.example`. */
  readonly #endings = new Set<string>();
  readonly #longestEnding: number = 0;
  readonly #parts: Parts[] = [];
  readonly #withQuestionMarks: string[] = [];
  readonly #isEverything: boolean = false;
  readonly #answers = new Map<string, boolean>();
  readonly #mostTexts: number;

  constructor(patterns: Iterable<string>) {
    for (const written of patterns) {
      const pattern = written.toLowerCase();
      if (!pattern.includes("*") && !pattern.includes("?")) {
        this.#exact.add(pattern);
        continue;
      }
      const [first = "", ...rest] = pattern.split("*");
      const last = rest.at(-1) ?? "";
      if (pattern === "*") this.#isEverything = true;
      else if (pattern.includes("?")) this.#withQuestionMarks.push(pattern);
      else if (first === "" && rest.length === 1) {
        this.#endings.add(last);
        this.#longestEnding = Math.max(this.#longestEnding, last.length);
      } else this.#parts.push({ first, middle: rest.slice(0, -1).filter((part) => part !== ""), last });
    }
    const each = this.#parts.length + this.#withQuestionMarks.length;
    this.#mostTexts = each === 0 ? Number.POSITIVE_INFINITY : Math.max(MIN_TEXTS, MAX_COMPARISONS / each);
  }

  /** Whether a pattern matches; `null` if the budget is used up. */
  matches(text: string, budget: GlobBudget): boolean | null {
    const known = this.#answers.get(text);
    if (known !== undefined) return known;
    const answer = this.#find(text.toLowerCase(), budget);
    if (answer !== null && this.#answers.size < MAX_REMEMBERED) this.#answers.set(text, answer);
    return answer;
  }

  #find(text: string, budget: GlobBudget): boolean | null {
    if (this.#isEverything || this.#exact.has(text) || this.#hasEnding(text)) return true;
    if (budget.comparedTexts >= this.#mostTexts) return null;
    budget.comparedTexts += 1;
    return (
      this.#parts.some((parts) => matchesParts(parts, text)) ||
      this.#withQuestionMarks.some((pattern) => matchesGlob(pattern, text))
    );
  }

  #hasEnding(text: string): boolean {
    if (this.#endings.size === 0) return false;
    for (let start = Math.max(0, text.length - this.#longestEnding); start < text.length; start += 1)
      if (this.#endings.has(text.slice(start))) return true;
    return false;
  }
}

/** The first match of each middle text leaves the longest rest for the next ones. */
function matchesParts({ first, middle, last }: Parts, text: string): boolean {
  if (text.length < first.length + last.length || !text.startsWith(first) || !text.endsWith(last))
    return false;
  const end = text.length - last.length;
  let index = first.length;
  for (const part of middle) {
    const found = text.indexOf(part, index);
    if (found === -1 || found + part.length > end) return false;
    index = found + part.length;
  }
  return true;
}
