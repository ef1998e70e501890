import { createHmac } from "node:crypto";
import { z } from "zod";
import type { NewUser, RegisteredUser } from "./model.ts";

const nonceAnswer = z.object({ nonce: z.string() });
const registrationAnswer = z.object({ user_id: z.string(), access_token: z.string(), device_id: z.string() });
const errorAnswer = z.object({ errcode: z.string(), error: z.string().optional() });

/**
 * Creates an account with the server's shared secret.
 * https://element-hq.github.io/synapse/latest/admin_api/register_api.html
 *
 * @throws Error with the server's error code, e.g. M_USER_IN_USE
 */
export async function registerUser(baseUrl: string, secret: string, user: NewUser): Promise<RegisteredUser> {
  const url = `${baseUrl}/_synapse/admin/v1/register`;
  const { nonce } = nonceAnswer.parse(await answer(await fetch(url)));
  const { localpart, password, admin = false, displayName = localpart } = user;
  const body = {
    nonce,
    username: localpart,
    password,
    admin,
    displayname: displayName,
    mac: registrationMac(secret, { nonce, localpart, password, admin }),
  };
  const created = await fetch(url, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  const { user_id, access_token, device_id } = registrationAnswer.parse(await answer(created));
  return { userId: user_id, accessToken: access_token, deviceId: device_id };
}

/** HMAC-SHA1, hexadecimal, over the account data, with the shared secret as key. */
export function registrationMac(
  secret: string,
  {
    nonce,
    localpart,
    password,
    admin,
  }: { nonce: string; localpart: string; password: string; admin: boolean },
): string {
  return createHmac("sha1", secret)
    .update([nonce, localpart, password, admin ? "admin" : "notadmin"].join("\0"))
    .digest("hex");
}

async function answer(response: Response): Promise<unknown> {
  if (response.ok) return response.json();
  const problem = errorAnswer.safeParse(await response.json().catch(() => undefined));
  const what = problem.success ? `${problem.data.errcode} ${problem.data.error ?? ""}` : "no error code";
  throw new Error(`registration was refused with status ${response.status}: ${what}`);
}
