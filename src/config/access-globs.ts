/** Whether the text is a glob (`*`, `?`) over user IDs, such as `@*:example.org`. */
export function isUserIdGlob(text: string): boolean {
  return text === "@*" || /^@[\x21-\x39\x3b-\x7e]+:[A-Za-z0-9.:[\]*?-]+$/.test(text);
}

/** Whether the text is a glob (`*`, `?`) over server names, such as `*.example.org`. */
export function isServerNameGlob(text: string): boolean {
  return /^[A-Za-z0-9.:[\]*?-]+$/.test(text);
}
