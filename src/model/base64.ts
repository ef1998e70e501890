/** Base64 without padding (Matrix, Appendices §Unpadded Base64). */
export function unpaddedBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64").replace(/=+$/u, "");
}
