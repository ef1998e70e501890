import { expect, it } from "vitest";
import { NOTHING_PLANNED } from "../../../../../../src/model/contact.ts";
import type { FileContact, ImportedAccount } from "../../../../../../src/model/room-file.ts";
import { decideDirectChats } from "../../../../../../src/platforms/matrix/contact/chats/decide.ts";
import type { ContactInput } from "../../../../../../src/platforms/matrix/contact/contact-input.ts";
import { readAccount } from "../../../../../../src/platforms/matrix/reading/read-account.ts";
import { readingFromFiles } from "../../../../../../src/platforms/matrix/reading/reading-from-files.ts";
import { contactTexts } from "../../../../../../src/view/contact/texts.ts";
import { UNPROVEN } from "../../../../../../src/view/contact/unproven.ts";
import { NO_RECORDS, NOW } from "../../../../../support/contact/planned-ask.ts";
import { plan } from "../../../../../support/plans/planned-rooms.ts";
import { ME, OTHER, PLAIN, recordedServer } from "../../reading/recorded-server.ts";

const BO = "@bo:far.example";
const DI = "@di:old.example";
const EVE = "@eve:far.example";
const FAY = "@fay:gone.example";

function contact(userId: string): FileContact {
  return { userId, displayName: null, rooms: [] };
}

/** Direct chats with people whom a file names, and how the new account's server is asked. */
async function decided(partners: readonly string[]) {
  const server = recordedServer(({ path }) => {
    if (path === "v3/sync") return { json: { rooms: {} } };
    if (path === "v3/joined_rooms") return { json: { joined_rooms: [] } };
    return path.startsWith("v3/profile/") ? { json: {} } : undefined;
  });
  const imported: ImportedAccount = {
    ...{ userId: ME, importedAt: NOW, writtenAt: NOW, rooms: [] },
    contacts: [contact(BO), contact(DI), contact(EVE), contact(FAY)],
    data: {
      ...{ pushRules: {}, tags: {}, roomAccountData: {}, profile: {} },
      accountData: { "m.ignored_user_list": { ignored_users: { [EVE]: {} } } },
    },
  };
  const source = readingFromFiles(imported, {
    targetUserId: OTHER,
    botUserIds: [],
    deadServers: new Set(["old.example", "gone.example"]),
  });
  const target = await readAccount(server.reader, { userId: OTHER, otherUserId: ME, features: PLAIN });
  server.asked.length = 0;
  const input: ContactInput = {
    asking: { userId: OTHER, reader: server.reader, features: PLAIN },
    ...{ readings: { source, target }, shown: source, givenNames: [], decided: plan([]) },
    ...{ fileContacts: imported.contacts, keys: { kind: "not_read" }, unusableKeys: new Map() },
    parties: { sourceUserId: ME, targetUserId: OTHER, botUserIds: new Set() },
    guarded: (work) => work(),
  };
  const proposal = await decideDirectChats(
    input,
    { partners, text: null },
    {
      ...{ records: NO_RECORDS, planned: NOTHING_PLANNED, texts: contactTexts },
      ...{ newChatsPerDay: 10, now: NOW },
    },
  );
  return { proposal, requests: server.asked.map(({ path }) => path) };
}

it("a list without the old account has the people of the file, and reads nothing more", async () => {
  const { proposal, requests } = await decided([]);
  expect(proposal.facts.candidates.map(({ partner }) => partner.userId)).toEqual([BO]);
  expect(proposal.facts.left).toMatchObject([
    { partner: { userId: DI }, why: "server_gone" },
    { partner: { userId: EVE }, why: "ignored" },
    { partner: { userId: FAY }, why: "server_gone" },
  ]);
  expect(requests).toEqual([]);
});

it("a chat without the old account is opened by the new one, and says that nothing is proven", async () => {
  const { proposal } = await decided([BO, DI]);
  expect(proposal.steps).toMatchObject([{ key: `open_chat:${BO}`, side: "target" }]);
  expect(proposal.facts.chats[0]?.reason).toContain(UNPROVEN);
  // Also a person who is named is not reached there.
  expect(proposal.facts.left).toMatchObject([{ partner: { userId: DI }, why: "server_gone" }]);
});
