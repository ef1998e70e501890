import type { ImageCopies } from "../../../src/platforms/runs.ts";

/** Copies of images in memory. Steps add to `copies`. */
export function imageCopiesIn(copies = new Map<string, string>()): ImageCopies {
  return {
    get: async (url) => copies.get(url) ?? null,
    put: async (url, copy) => void copies.set(url, copy),
  };
}
