import { distance } from "fastest-levenshtein";

/**
 * The word someone most likely meant, or null when none is close: at most a third of its letters
 * (and at least two) may differ.
 */
export function nearestWord(typed: string, words: readonly string[]): string | null {
  const wanted = normalise(typed);
  let best: string | null = null;
  let bestDistance = Infinity;
  for (const word of words) {
    const candidate = distance(wanted, normalise(word));
    if (candidate < bestDistance) {
      best = word;
      bestDistance = candidate;
    }
  }
  return bestDistance <= Math.max(2, Math.floor(wanted.length / 3)) ? best : null;
}

// user_id, USER-ID and userId are the same word to someone who writes a configuration from memory.
function normalise(word: string): string {
  return word.toLowerCase().replaceAll(/[_-]/g, "");
}
