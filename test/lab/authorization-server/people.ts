import { randomBytes } from "node:crypto";
import type Provider from "oidc-provider";
import { z } from "zod";
import type { DelegatingHomeserver } from "./delegating-homeserver.ts";
import type { OwnSession } from "./model.ts";
import { API_SCOPE, MATRIX, deviceOf } from "./provider.ts";

const paramsSchema = z.object({ scope: z.string() });

interface ClientSession {
  localpart: string;
  deviceId: string;
  grantId: string;
}

/** The people of an authorization server: their answers on its pages, and their sessions. */
export class People {
  readonly #provider: Provider;
  readonly #locked = new Set<string>();
  readonly #sessions = new Map<string, ClientSession>();
  readonly #own = new Map<string, { localpart: string; deviceId: string; expiresAt: number }>();
  #homeserver: { api: DelegatingHomeserver; serverName: string } | null = null;

  constructor(provider: Provider) {
    this.#provider = provider;
  }

  connect(api: DelegatingHomeserver, serverName: string): void {
    this.#homeserver = { api, serverName };
  }

  async add(localpart: string, displayName?: string): Promise<void> {
    await this.#connected.api.provisionUser(localpart, displayName);
  }

  setLocked(localpart: string, isLocked: boolean): void {
    if (isLocked) this.#locked.add(localpart);
    else this.#locked.delete(localpart);
  }

  isLocked(localpart: string): boolean {
    return this.#locked.has(localpart);
  }

  async openSession(
    localpart: string,
    { deviceId = "OWNSESSION", seconds = 86_400 } = {},
  ): Promise<OwnSession> {
    const accessToken = `own_${randomBytes(16).toString("hex")}`;
    await this.#connected.api.upsertDevice(localpart, deviceId, "A client of their own");
    this.#own.set(accessToken, { localpart, deviceId, expiresAt: Date.now() + seconds * 1_000 });
    return { userId: `@${localpart}:${this.#connected.serverName}`, accessToken, deviceId };
  }

  /** The introspection answer for such a session's token; null for any other token. */
  ownSession(accessToken: string): Record<string, unknown> | null {
    const session = this.#own.get(accessToken);
    if (session === undefined) return null;
    const { localpart, deviceId, expiresAt } = session;
    if (Date.now() >= expiresAt || this.isLocked(localpart)) return { active: false };
    const expiresIn = Math.floor((expiresAt - Date.now()) / 1_000);
    return {
      active: true,
      username: localpart,
      scope: `${API_SCOPE} urn:matrix:client:device:${deviceId}`,
      expires_in: expiresIn,
    };
  }

  /** The person signs in, ticks the box and grants access. */
  async approve(userCode: string, localpart: string): Promise<void> {
    const code = await this.#code(userCode);
    const { scope } = paramsSchema.parse(code.params);
    const grant = new this.#provider.Grant({ accountId: localpart, clientId: code.clientId ?? "" });
    grant.addResourceScope(MATRIX, scope);
    const grantId = await grant.save();
    Object.assign(code, {
      accountId: localpart,
      grantId,
      scope,
      resource: MATRIX,
      authTime: Math.floor(Date.now() / 1_000),
    });
    await code.save();
    this.#sessions.set(grantId, { localpart, grantId, deviceId: deviceOf(scope) });
  }

  async deny(userCode: string): Promise<void> {
    const code = await this.#code(userCode);
    Object.assign(code, { error: "access_denied", errorDescription: "the person said no" });
    await code.save();
  }

  /** Called when a token was issued. The device must exist before the token is used. */
  async deviceMade(refreshToken: string, deviceId: string): Promise<void> {
    const session = await this.sessionOf(refreshToken);
    if (session !== null)
      await this.#connected.api.upsertDevice(session.localpart, deviceId, "Somebody on Unknown device");
  }

  async deviceGone({ localpart, deviceId }: ClientSession): Promise<void> {
    await this.#connected.api.deleteDevice(localpart, deviceId);
  }

  async sessionOf(refreshToken: string): Promise<ClientSession | null> {
    const found = await this.#provider.RefreshToken.find(refreshToken, { ignoreExpiration: true });
    return this.#sessions.get(found?.grantId ?? "") ?? null;
  }

  async endSessions(localpart: string): Promise<void> {
    for (const session of this.#sessions.values()) {
      if (session.localpart !== localpart) continue;
      const { grantId } = session;
      this.#sessions.delete(grantId);
      await this.#provider.AccessToken.revokeByGrantId(grantId);
      await this.#provider.RefreshToken.revokeByGrantId(grantId);
      await (await this.#provider.Grant.find(grantId))?.destroy();
      await this.deviceGone(session);
    }
  }

  async #code(userCode: string) {
    const code = await this.#provider.DeviceCode.findByUserCode(userCode);
    if (!code) throw new Error(`no sign-in waits for the code ${userCode}`);
    return code;
  }

  get #connected() {
    if (this.#homeserver === null) throw new Error("the authorization server has no homeserver yet");
    return this.#homeserver;
  }
}
