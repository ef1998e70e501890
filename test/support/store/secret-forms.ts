/** The encodings in which a secret could be in a file. */
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
 * Three substrings. The base64 of any text with the secret contains one of them, by the position of
 * the secret in the text. The letters at the ends depend on the neighbours and are left out.
 */
function inBase64(bytes: Buffer): string[] {
  return [0, 1, 2].map((offset) => {
    const whole = Buffer.concat([Buffer.alloc(offset), bytes])
      .toString("base64")
      .replace(/=+$/u, "");
    return whole.slice(offset === 0 ? 0 : offset + 1, -1);
  });
}
