/**
 * Sends one request to a homeserver of the demo, independent of the bot and of the person's client.
 * Checks are made with it. A body makes it a POST.
 */
export async function askServer(
  baseUrl: string,
  accessToken: string | null,
  path: string,
  body?: unknown,
): Promise<unknown> {
  const response = await fetch(`${baseUrl}${path}`, {
    method: body === undefined ? "GET" : "POST",
    headers: {
      "content-type": "application/json",
      ...(accessToken !== null && { authorization: `Bearer ${accessToken}` }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  if (!response.ok) throw new Error(`${path} was answered with status ${String(response.status)}`);
  return response.json();
}
