import type { Account, FileAccount, MovedAccounts, Side } from "../../model/account.ts";
import { isFromFile, sides } from "../../model/account.ts";
import { withRoomIds } from "../../model/filters.ts";
import type { KeyedQueue } from "../../model/keyed-queue.ts";
import type { PlatformKeys } from "../keys.ts";
import type { Decision, DecisionRequest } from "../planning.ts";
import type { AccountPair, LookResult, WatchRequest } from "../platform.ts";
import type { KeyFacts } from "./categories/room-keys/plan.ts";
import { roomsWithAllKeys, unusableNow } from "./categories/room-keys/plan.ts";
import { areKeysNeeded, readKeyFacts } from "./categories/room-keys/read.ts";
import { leftChats } from "./contact/chats/left-chats.ts";
import { withFormerNames } from "./contact/rename/given-names.ts";
import { decideRooms } from "./decide-rooms.ts";
import { decisionOf } from "./decision.ts";
import type { DeadAmong, LivingAmong } from "./files/files-as-account.ts";
import { NO_FILES, readFiles, resolvedFiles } from "./files/files-as-account.ts";
import type { ServerHealth } from "./files/server-health.ts";
import type { KeyWorker } from "./keys/worker/key-worker.ts";
import type { OpenAccount, OpenAccountOptions } from "./open-account.ts";
import { checkOpenAccount, guarded, openAccount, readOpenAccount } from "./open-account.ts";
import { readFeatures } from "./reading/account-details.ts";
import { roomsOfAliases } from "./reading/aliases.ts";
import { chatsWithBot } from "./reading/bot-chats.ts";
import { lostImages } from "./reading/lost-images.ts";
import type { RecentLooks } from "./reading/recent-looks.ts";
import { stayReasonsIn } from "./reading/stay-reasons.ts";
import { contextOfStep } from "./runs/context-of-step.ts";
import { runStep } from "./runs/run-step.ts";
import { lookForAccessChanges } from "./watch/look-for-access-changes.ts";
import { watchedRoom } from "./watch/watched-room.ts";
import type { WatchingAccount } from "./watch/watching-account.ts";

export interface AccountPairOptions extends OpenAccountOptions {
  compareKeys: PlatformKeys["compare"];
  keyWorker: Pick<KeyWorker, "job">;
  health: Pick<ServerHealth, "deadAmong" | "livingAmong">;
  recentLooks: Pick<RecentLooks, "of">;
  /** As `inTurn` of `StepContext`; one for the process. */
  inTurn: KeyedQueue;
  now: () => number;
}

/** The two accounts of a person, opened. */
interface OpenPair {
  readonly source: OpenAccount | FileSource;
  readonly target: OpenAccount;
}

/** A source that nobody has signed in. */
interface FileSource {
  readonly account: FileAccount;
  readonly client: null;
}

/** Opens pairs of accounts. All pairs share the features of servers. */
export function accountPairs(
  options: AccountPairOptions,
): (accounts: MovedAccounts, signal?: AbortSignal) => AccountPair {
  /**
   * The features of servers, by address. They are read once, and again after a failed look, because
   * the server may have changed.
   */
  const features = new Map<string, WatchingAccount["features"]>();
  return (accounts, signal) => {
    const open = (aborting?: AbortSignal): OpenPair => ({
      source: isFromFile(accounts.source)
        ? { account: accounts.source, client: null }
        : openAccount(accounts.source, options, aborting),
      target: openAccount(accounts.target, options, aborting),
    });
    const pair = open(signal);
    return {
      decide: (request) => decideUntilFailure(open, request, { ...options, signal }),
      stayReasons: (rooms) => stayReasonsIn(pair, rooms),
      runStep: async (step, facts) =>
        runStep(step, await contextOfStep({ ...options, ...pair }, step, facts)),
      watch: (request) => watch(pair, request, { now: options.now, known: features }),
    };
  };
}

/** Reads both accounts. If one cannot be read, the reading of the other ends too. */
async function decideUntilFailure(
  open: (signal: AbortSignal) => OpenPair,
  request: DecisionRequest,
  {
    compareKeys,
    health,
    recentLooks,
    now,
    signal,
  }: Pick<AccountPairOptions, "compareKeys" | "health" | "recentLooks" | "now"> & {
    signal: AbortSignal | undefined;
  },
): Promise<Decision> {
  const ending = new AbortController();
  const either = signal === undefined ? ending.signal : AbortSignal.any([signal, ending.signal]);
  return decide(open(either), request, {
    readKeys: (accounts) => readKeyFacts(compareKeys, accounts, either),
    looksOf: (account, wanted) => recentLooks.of(account, wanted),
    deadAmong: (serverNames) =>
      health.deadAmong(serverNames, { signal: either, onProgress: request.onProgress }),
    livingAmong: (serverNames) => health.livingAmong(serverNames),
    now,
    endOthers: () => ending.abort(),
  });
}

async function decide(
  { source, target }: OpenPair,
  {
    filters,
    words,
    imported,
    isWithoutKeys = false,
    looksAnew = false,
    botUserId,
    botRoomIds,
    onProgress,
    knownRooms,
  }: DecisionRequest,
  {
    readKeys,
    looksOf,
    deadAmong,
    livingAmong,
    now,
    endOthers,
  }: {
    looksOf: RecentLooks["of"];
    deadAmong: DeadAmong;
    livingAmong: LivingAmong;
    readKeys: (accounts: Readonly<Record<Side, Account>>) => Promise<KeyFacts>;
    now: () => number;
    endOthers: () => void;
  },
): Promise<Decision> {
  // Both servers are asked first, so that a server that is away does not make the other send a
  // whole account repeatedly.
  const signedIn = source.client === null ? null : source;
  await unlessOneFails([signedIn && checkOpenAccount(signedIn), checkOpenAccount(target)], endOthers);
  const looks = looksOf(`${source.account.userId} ${target.account.userId}`, { isAnew: looksAnew });
  const files = signedIn === null ? await resolvedFiles(imported, target, deadAmong) : NO_FILES;
  // In parallel, because they are two servers, or two accounts with separate limits.
  const [sourceReading, targetReading, keys] = await unlessOneFails(
    [
      signedIn === null
        ? readFiles(files, source.account.userId, { deadAmong, livingAmong, target, botUserId })
        : readOpenAccount(signedIn, target.account.userId, {
            onProgress,
            withLastActivity: filters.activeSince !== null,
            isOtherMemberNeeded: true,
          }),
      readOpenAccount(target, source.account.userId, {
        onProgress,
        withLastActivity: false,
        isOtherMemberNeeded: false,
      }),
      areKeysNeeded(filters) && !isWithoutKeys && signedIn !== null
        ? readKeys({ source: signedIn.account, target: target.account })
        : ({ kind: "not_read" } as const),
    ],
    endOthers,
  );
  const { spokenIn, histories, unusableKeys: found, openedChats, givenNames } = await knownRooms();
  const readings = {
    source: withFormerNames(sourceReading, givenNames, target.account.userId),
    target: targetReading,
  };
  const unusableKeys = unusableNow(keys, found);
  const asked = signedIn ?? target;
  return guarded(asked.account, async () => {
    const accounts = {
      source: signedIn && (await signedIn.readable()),
      target: await target.readable(),
    };
    const { reader } = await asked.readable();
    const aliases = await roomsOfAliases(reader, words, sourceReading.snapshot.rooms);
    const chosen = withRoomIds(filters, aliases);
    const targetRooms = targetReading.snapshot.rooms;
    const chats = await chatsWithBot(reader, sourceReading.snapshot.rooms, {
      ...{ spokenIn, botUserId },
      isOtherIn: (roomId) => {
        const membership = targetRooms.get(roomId)?.membership;
        return membership === "join" || membership === "invite";
      },
    });
    // A server may look for a lost image for some seconds.
    const [lost, decided] = await Promise.all([
      signedIn === null ? lostImages(target.client, readings, looks.lostImages) : null,
      decideRooms(accounts, readings, {
        filters: chosen,
        botUserIds: [botUserId],
        botRoomIds: [...botRoomIds, ...chats, ...openedChats.flatMap(({ roomId }) => roomId ?? [])],
        histories,
        roomsWithAllKeys: roomsWithAllKeys(keys, unusableKeys),
        now: now(),
        looks,
        onProgress,
      }),
    ]);
    return decisionOf({
      ...{ decided, keys, unusableKeys, aliases, imported },
      readings: { ...readings, source: { ...readings.source, ...(lost && { lostImages: lost }) } },
      leftChats: leftChats(openedChats, [sourceReading.snapshot, targetReading.snapshot]),
      filters: chosen,
      generatedAt: new Date(now()),
      contact: {
        parties: {
          sourceUserId: source.account.userId,
          targetUserId: target.account.userId,
          botUserIds: new Set([botUserId]),
        },
        asking: await asked.readable(),
        guarded: (work) => guarded(asked.account, work),
        fileContacts: signedIn === null ? files.contacts : [],
        shown: sourceReading,
        givenNames,
      },
    });
  });
}

/**
 * All results. After the first failure the other work is ended and waited for.
 * @throws the first failure
 */
async function unlessOneFails<const Works extends readonly unknown[]>(
  works: Works,
  endOthers: () => void,
): Promise<{ -readonly [Index in keyof Works]: Awaited<Works[Index]> }> {
  const ended = Promise.allSettled(works);
  try {
    return await Promise.all(works);
  } catch (error) {
    endOthers();
    await ended;
    throw error;
  }
}

async function watch(
  pair: OpenPair,
  { rooms, ...request }: WatchRequest,
  { now, known }: Pick<AccountPairOptions, "now"> & { known: Map<string, WatchingAccount["features"]> },
): Promise<LookResult> {
  const result = await lookForAccessChanges({
    ...request,
    userId: { source: pair.source.account.userId, target: pair.target.account.userId },
    account: {
      source: pair.source.client === null ? null : watching(pair.source),
      target: watching(pair.target),
    },
    rooms: rooms.map(watchedRoom),
    now: now(),
    random: Math.random,
  });
  for (const side of sides) {
    const { account, client } = pair[side];
    if (result.sides[side].status === "away" && client !== null) known.delete(account.baseUrl);
  }
  return result;

  // The request is not repeated, unlike those of a reader, because another look follows.
  function watching({ account, client }: OpenAccount): () => Promise<WatchingAccount> {
    return async () => {
      const once: Parameters<typeof readFeatures>[0] = {
        request: (asked) => client.request({ ...asked, signal: request.signal }),
      };
      const features = known.get(account.baseUrl) ?? (await readFeatures(once));
      known.set(account.baseUrl, features);
      return { client, userId: account.userId, features };
    };
  }
}
