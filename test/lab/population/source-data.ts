import { z } from "zod";
import { apiPath } from "../../../src/platforms/matrix/api/homeserver-client.ts";
import { concurrently } from "../../../src/platforms/matrix/reading/concurrently.ts";
import type { PopulatedRoom, SourceData } from "./model.ts";
import { writePushRules } from "./push-rules.ts";
import type { PopulationSession } from "./session.ts";
import { post, put, send, setState } from "./session.ts";

// One red dot. A move compares bytes, not looks.
const AVATAR = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg==",
  "base64",
);
const uploadAnswer = z.object({ content_uri: z.string() });

const TAGS = [
  { "m.favourite": 0.25 },
  { "m.lowpriority": 0.5 },
  { "u.work": 0.75, "m.favourite": 0.5 },
  { "u.no order": null },
] as const;

const MAY_SPEAK: ReadonlySet<string> = new Set(["join", "join_restricted", "invite"]);

/**
 * What the profile holds. It is set before the rooms are made, because a later change would be
 * written into every room.
 */
export async function writeProfile(
  source: PopulationSession,
): Promise<Pick<SourceData, "avatarUrl" | "profile">> {
  const upload = await fetch(`${source.client.baseUrl}/_matrix/media/v3/upload?filename=face.png`, {
    method: "POST",
    headers: { authorization: `Bearer ${source.accessToken}`, "content-type": "image/png" },
    body: AVATAR,
  });
  if (!upload.ok) throw new Error(`the avatar was refused with status ${upload.status}`);
  const { content_uri: avatarUrl } = uploadAnswer.parse(await upload.json());
  const profile = { avatar_url: avatarUrl, "m.tz": "Europe/Lisbon", "org.example.pronouns": "they" };
  for (const [key, value] of Object.entries(profile)) {
    await put(source, apiPath`/_matrix/client/v3/profile/${source.userId}/${key}`, { [key]: value });
  }
  return { avatarUrl, profile };
}

/**
 * Everything else that an account collects over the years. The rooms' order decides which have
 * tags, markers and names of their own, so that a population of any size has some of each.
 */
export async function writeSourceData(
  source: PopulationSession,
  target: PopulationSession,
  rooms: readonly PopulatedRoom[],
  limit: number,
): Promise<Omit<SourceData, "avatarUrl" | "profile">> {
  const joined = rooms.filter(
    ({ expected }) => expected.reason !== "source_not_joined" && expected.route !== "accept_invite",
  );
  const tagged = every(joined, 5).map((room, index) => ({
    room,
    tags: TAGS[index % TAGS.length] ?? TAGS[0],
  }));
  const named = every(joined, 30);
  // Nobody can write in replaced rooms, and this account cannot write in others.
  const marked = every(
    joined.filter(({ expected }) => MAY_SPEAK.has(expected.route)),
    10,
  );
  const unread = every(joined, 12);
  const global = accountData(source, target, rooms);
  const user = apiPath`/_matrix/client/v3/user/${source.userId}`;
  const readMarkers: Record<string, string> = {};
  // A name in three rooms or more would be a former name of the account.
  const roomProfiles = Object.fromEntries(
    named.map(({ roomId }, index) => [roomId, `${source.displayName} (here ${index + 1})`]),
  );

  const tasks: (() => Promise<unknown>)[] = [
    ...Object.entries(global).map(
      ([type, content]) =>
        () =>
          put(source, user + apiPath`/account_data/${type}`, content),
    ),
    ...tagged.flatMap(({ room, tags }) =>
      Object.entries(tags).map(([tag, order]) => () => {
        return put(
          source,
          user + apiPath`/rooms/${room.roomId}/tags/${tag}`,
          order === null ? {} : { order },
        );
      }),
    ),
    ...Object.entries(roomProfiles).map(([roomId, displayname]) => async () => {
      const content = { membership: "join", displayname };
      await setState(source, roomId, { type: "m.room.member", stateKey: source.userId, content });
    }),
    ...marked.map(({ roomId }) => async () => {
      const eventId = await send(source, roomId, "Read up to here.", "read-up-to-here");
      const markers = { "m.fully_read": eventId, "m.read.private": eventId };
      await post(source, apiPath`/_matrix/client/v3/rooms/${roomId}/read_markers`, markers);
      readMarkers[roomId] = eventId;
    }),
    ...unread.map(({ roomId }) => async () => {
      await put(source, user + apiPath`/rooms/${roomId}/account_data/m.marked_unread`, { unread: true });
    }),
    ...every(joined, 40).map(({ roomId }) => async () => {
      await put(source, user + apiPath`/rooms/${roomId}/account_data/im.vector.web.settings`, {
        urlPreviewsEnabled_e2ee: false,
      });
    }),
  ];
  await concurrently(tasks, limit, (task) => task());
  return {
    accountData: global,
    tags: Object.fromEntries(tagged.map(({ room, tags }) => [room.roomId, tags])),
    readMarkers,
    markedUnread: unread.map((room) => room.roomId),
    roomProfiles,
    pushRules: await writePushRules(source, joined),
  };
}

function accountData(
  source: PopulationSession,
  target: PopulationSession,
  rooms: readonly PopulatedRoom[],
): Record<string, unknown> {
  const direct: Record<string, string[]> = {};
  for (const { roomId, directWith } of rooms) {
    if (directWith !== null) (direct[directWith] ??= []).push(roomId);
  }
  const first = rooms[0]?.roomId ?? "";
  return {
    // Old clients and bridges left such entries. Clients drop them when they read.
    "m.direct": {
      ...direct,
      "not a user ID": [first],
      "mail@example.org": [first],
      [`@nobody:${source.serverName}`]: [],
      [`@somebody:${source.serverName}`]: "!no-list",
      [`@numbers:${source.serverName}`]: [17, null, "!gone:gone.example"],
    },
    "m.ignored_user_list": {
      ignored_users: {
        [`@spam:${source.serverName}`]: {},
        [`@more-spam:${target.serverName}`]: {},
        "@spam:gone.example": {},
      },
    },
    "io.element.recent_emoji": {
      recent_emoji: [
        ["🎉", 7],
        ["👋", 2],
      ],
    },
    "m.recent_emoji": { recent_emoji: [{ emoji: "🎉", total: 7 }] },
    "im.vector.web.settings": { showTwelveHourTimestamps: true, "SpotlightSearch.recentSearches": [first] },
    "im.vector.setting.breadcrumbs": { recent_rooms: rooms.slice(0, 5).map(({ roomId }) => roomId) },
    "org.example.notes": { text: "of a client nobody knows" },
    // These must never reach another account. They belong to this account's keys, devices and
    // consents.
    "m.secret_storage.default_key": { key: "abc" },
    "m.secret_storage.key.abc": { algorithm: "m.secret_storage.v1.aes-hmac-sha2", name: "old" },
    "m.megolm_backup.v1": { encrypted: { abc: { iv: "AA", ciphertext: "AA", mac: "AA" } } },
    "m.identity_server": { base_url: "https://identity.example" },
    "im.vector.analytics": { id: "tracked" },
  };
}

/** Every n-th item, beginning with the first. */
function every<T>(list: readonly T[], step: number): T[] {
  return list.filter((_, index) => index % step === 0);
}
