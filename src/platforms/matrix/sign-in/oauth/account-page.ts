import type { AuthorizationServerMetadata } from "./authorization-server.ts";

/**
 * The best one first. A server shows "Something went wrong" for an action that it does not list
 * (platforms/matrix/README.md, "How sessions end").
 */
const SESSION_ACTIONS = [
  "org.matrix.device_view",
  "org.matrix.device_delete",
  "org.matrix.session_view",
  "org.matrix.session_end",
] as const;
const LIST_ACTIONS = ["org.matrix.devices_list", "org.matrix.sessions_list"] as const;

const DEACTIVATION_ACTION = "org.matrix.account_deactivate";

/**
 * The page on which people close their account (CS v1.18 §Account management URL actions). `null`
 * if the server names none.
 */
export function deactivationPage(server: AuthorizationServerMetadata): string | null {
  const url = managementPage(server);
  if (url === null) return null;
  if (server.account_management_actions_supported?.includes(DEACTIVATION_ACTION) === true)
    url.searchParams.set("action", DEACTIVATION_ACTION);
  return url.href;
}

/**
 * The page on which people see and end the bot's session (CS v1.18 §Account management URL
 * discovery). `null` if the server names none.
 */
export function accountPage(server: AuthorizationServerMetadata, deviceId: string | null): string | null {
  const { account_management_actions_supported: supported = [] } = server;
  const url = managementPage(server);
  if (url === null) return null;
  const ofSession =
    deviceId === null ? undefined : SESSION_ACTIONS.find((action) => supported.includes(action));
  const action = ofSession ?? LIST_ACTIONS.find((each) => supported.includes(each));
  if (action === undefined) return url.href;
  url.searchParams.set("action", action);
  if (ofSession !== undefined && deviceId !== null) url.searchParams.set("device_id", deviceId);
  return url.href;
}

function managementPage({ account_management_uri: address }: AuthorizationServerMetadata): URL | null {
  if (address === undefined) return null;
  const url = new URL(address);
  url.username = url.password = "";
  return url;
}
