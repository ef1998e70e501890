import { distance } from "fastest-levenshtein";

/**
 * The word that was most likely meant. At most a third of its letters (and at least two) may
 * differ; otherwise null.
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

// People who write a configuration from memory mix user_id, USER-ID and userId.
function normalise(word: string): string {
  return word.toLowerCase().replaceAll(/[_-]/g, "");
}
