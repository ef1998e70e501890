/**
 * One request to a homeserver of the demo, by neither the bot nor the person's client: how claims
 * are checked. A body makes it a POST.
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
