const MAX_TEXT_LENGTH = 300;

/**
 * Control, format (direction marks, zero-width) and line separator characters. They could rearrange
 * or hide text.
 */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu;

/**
 * A text of a server, made safe to store, log and show: no control or direction characters, at most
 * 300 characters, and none of the secrets in the request. A hostile or verbose server may repeat
 * them.
 */
export function cleanServerText(text: string, secrets: readonly string[]): string {
  const withoutSecrets = withoutEach(text, secrets);
  // Again, because removing characters may have joined the halves of a secret.
  const visible = withoutEach(withoutSecrets.replace(INVISIBLE, " ").replace(/ {2,}/g, " ").trim(), secrets);
  const characters = Array.from(visible.toWellFormed());
  return characters.length <= MAX_TEXT_LENGTH
    ? characters.join("")
    : `${characters.slice(0, MAX_TEXT_LENGTH - 1).join("")}…`;
}

/** Whether a text holds one of the secrets. */
export function holdsSecret(text: string, secrets: readonly string[]): boolean {
  return secrets.some((secret) => secret !== "" && text.includes(secret));
}

function withoutEach(text: string, secrets: readonly string[]): string {
  return secrets.reduce(
    (rest, secret) => (secret === "" ? rest : rest.replaceAll(secret, "[removed]")),
    text,
  );
}
