/**
 * What an authorization server reports to the Synapse that delegates to it (Synapse's
 * `/_synapse/mas/` API).
 */
export class DelegatingHomeserver {
  readonly #baseUrl: string;
  readonly #secret: string;

  constructor(baseUrl: string, secret: string) {
    this.#baseUrl = baseUrl;
    this.#secret = secret;
  }

  async provisionUser(localpart: string, displayName?: string): Promise<void> {
    await this.#call("provision_user", {
      localpart,
      ...(displayName !== undefined && { set_displayname: displayName }),
    });
  }

  async upsertDevice(localpart: string, deviceId: string, displayName: string): Promise<void> {
    await this.#call("upsert_device", { localpart, device_id: deviceId, display_name: displayName });
  }

  async deleteDevice(localpart: string, deviceId: string): Promise<void> {
    await this.#call("delete_device", { localpart, device_id: deviceId });
  }

  async #call(name: string, body: Record<string, unknown>): Promise<void> {
    const response = await fetch(`${this.#baseUrl}/_synapse/mas/${name}`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${this.#secret}` },
      body: JSON.stringify(body),
    });
    if (!response.ok)
      throw new Error(`${name} was answered with status ${response.status}: ${await response.text()}`);
  }
}
