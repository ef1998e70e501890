/** The forms in which a secret could stand in a file without being read as one. */
export function formsOf(secret: string): Buffer[] {
  const bytes = Buffer.from(secret, "utf8");
  const texts = [
    secret,
    JSON.stringify(secret).slice(1, -1),
    encodeURIComponent(secret),
    bytes.toString("hex"),
    ...inBase64(bytes),
  ];
  return [...[...new Set(texts)].map((text) => Buffer.from(text)), Buffer.from(secret, "utf16le")];
}

/**
 * What the base64 of any text that holds the secret holds: three ways, by where in the text it
 * begins; the letters at its ends depend on its neighbours.
 */
function inBase64(bytes: Buffer): string[] {
  return [0, 1, 2].map((offset) => {
    const whole = Buffer.concat([Buffer.alloc(offset), bytes])
      .toString("base64")
      .replace(/=+$/u, "");
    return whole.slice(offset === 0 ? 0 : offset + 1, -1);
  });
}
