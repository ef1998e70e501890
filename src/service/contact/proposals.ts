import { createHash } from "node:crypto";
import { isFromFile, sides } from "../../model/account.ts";
import type { ContactOf, ContactRecords, PlannedContact } from "../../model/contact.ts";
import { NO_FILTERS } from "../../model/filters.ts";
import { ownLimit, requestsByLimit } from "../../model/lanes.ts";
import type { RunPurpose } from "../../model/run.ts";
import type { PlannedStep } from "../../model/step.ts";
import type {
  ContactDecisions,
  ContactFacts,
  ContactKind,
  ContactOrders,
  ContactTexts,
  Known,
  Proposal,
} from "../../platforms/contact.ts";
import type { Decision } from "../../platforms/planning.ts";
import { UnreadableAccountError } from "../../platforms/reading.ts";
import type { Limits } from "../../queue/rate-limits.ts";
import type { PeoplesAccounts } from "../accounts/peoples-accounts.ts";
import type { DecidedMove, PlanRequest, Planning } from "../plan/planning.ts";
import type { CannotDecide, OldServerAnswers, UnansweredAlias } from "../plan/results.ts";
import type { BeginResult, BeginRun } from "../run/begin.ts";
import { accountsOf, takesMore } from "../run/begin.ts";
import type { RunControl } from "../run/control.ts";
import type { Preparations } from "../run/preparations.ts";
import type { StartRequest } from "../run/requests.ts";
import type { RunStatus } from "../run/results.ts";

/** What is needed of a decision about two accounts. */
interface Decided extends Omit<DecidedMove, "decision"> {
  decision: Pick<Decision, "aliases" | "unknownRooms"> & ContactDecisions;
}

export interface ProposalsOptions {
  accounts: Pick<PeoplesAccounts, "of" | "filesInstead">;
  planning: {
    decideAsTyped(request: PlanRequest): Promise<Decided | CannotDecide | UnansweredAlias | OldServerAnswers>;
    last: Planning["last"];
  };
  /** What the store knows of earlier contact of a move. */
  records: (move: ContactOf) => Promise<ContactRecords>;
  /** What the runs of a person are about to do in the name of an old account. */
  planned: (owner: string, accounts: { source: string }) => Promise<PlannedContact>;
  texts: ContactTexts;
  control: Pick<RunControl, "active" | "refuseIfActive">;
  begin: BeginRun;
  limits: Pick<Limits, "load" | "expectedMs">;
  preparations: Pick<Preparations, "run">;
  /** How many chats the bot opens for a person within 24 hours. */
  newChatsPerDay: number;
  now: () => number;
}

/** Contact that a person asks for. The rooms of the order may be aliases. */
export interface ProposalRequest<Kind extends ContactKind> extends StartRequest {
  kind: Kind;
  purpose: RunPurpose;
  order: ContactOrders[Kind];
}

/** What a person has confirmed. */
export interface ConfirmRequest<Kind extends ContactKind> extends ProposalRequest<Kind> {
  /** What can still be confirmed once this has begun; otherwise `null` or absent. */
  rest?: ContactOrders[Kind] | null;
}

/** What a person is shown before anything is done. */
export interface ContactPreview<Kind extends ContactKind> {
  status: "possible";
  /** With room IDs in place of aliases. The question stores it. */
  order: ContactOrders[Kind];
  facts: ContactFacts[Kind];
  /** False if the order as it is leaves nothing to do. */
  canBegin: boolean;
  /** How long it takes by the known limits. */
  durationMs: number;
  /** A digest of everything that must be the same at the confirmation. */
  shown: string;
}

/** Why there is nothing to show or to begin. */
export type ContactRefusal =
  | { status: "already"; run: RunStatus }
  | { status: "no_plan" }
  | { status: "unknown_rooms"; rooms: readonly string[] }
  /** Another command of the person stopped it. */
  | { status: "stopped" }
  | UnansweredAlias
  | OldServerAnswers
  | CannotDecide;

export type PreviewResult<Kind extends ContactKind> = ContactPreview<Kind> | ContactRefusal;

export type ConfirmResult<Kind extends ContactKind> =
  | Exclude<BeginResult, { status: "started" }>
  | (Extract<BeginResult, { status: "started" }> & {
      /** What began; absent if an earlier answer has begun it. */
      preview?: ContactPreview<Kind>;
      /** What can still be confirmed. */
      rest?: ContactPreview<Kind>;
    })
  /** It is no longer what the person has confirmed, so nothing was done. */
  | { status: "changed"; preview: ContactPreview<Kind> }
  | ContactRefusal;

interface Found<Kind extends ContactKind> {
  move: Decided;
  known: Known;
  proposal: Proposal<ContactFacts[Kind]>;
  preview: ContactPreview<Kind>;
}

/**
 * Contact with other people, and leaving: shown first, and begun after the person has confirmed it.
 * Both times both accounts are read.
 */
export class Proposals {
  readonly #options: ProposalsOptions;

  constructor(options: ProposalsOptions) {
    this.#options = options;
  }

  preview<Kind extends ContactKind>(request: ProposalRequest<Kind>): Promise<PreviewResult<Kind>> {
    return this.#prepare(request, async (signal) => {
      const active = await this.#options.control.active(request.owner, request.purpose);
      if (active) return active;
      const found = await this.#find(request, signal);
      return "status" in found ? found : found.preview;
    });
  }

  /**
   * Begins what the person has confirmed, and says what can still be confirmed. After a crash the
   * same confirmation comes again: then the answer is the run that it began.
   * @param shown the digest of the preview that the person saw
   */
  confirm<Kind extends ContactKind>(
    request: ConfirmRequest<Kind>,
    shown: string,
  ): Promise<ConfirmResult<Kind>> {
    return this.#prepare<ConfirmResult<Kind>>(request, async (signal) => {
      const refused = await this.#options.control.refuseIfActive(request, request.purpose);
      if (refused?.status === "started") return refused;
      if (refused?.status === "already" && !takesMore(refused.run, request)) return refused;
      const found = await this.#find(request, signal);
      if ("status" in found) return found;
      const { move, known, proposal, preview } = found;
      if (preview.shown !== shown || !preview.canBegin) return { status: "changed", preview };
      const { purpose, kind } = request;
      const order = request.rest ?? null;
      const rest = order === null ? null : await this.#propose(move, { kind, order, known });
      if (rest !== null && "status" in rest) return rest;
      const run = { ...accountsOf(request, move), planNumber: 0, purpose, request: move.request };
      const begun = await this.#options.begin(run, proposal);
      return begun.status === "started"
        ? { ...begun, preview, ...(rest !== null && { rest: rest.preview }) }
        : begun;
    });
  }

  /** The requests of one person run in order, and another command can stop one. */
  #prepare<Result extends { status: string }>(
    { owner }: StartRequest,
    work: (signal: AbortSignal) => Promise<Result | ContactRefusal>,
  ): Promise<Result | ContactRefusal> {
    return this.#options.preparations.run(
      owner,
      async (signal) => {
        const result = await work(signal);
        return signal.aborted && result.status === "not_read" ? { status: "stopped" } : result;
      },
      { isRetry: false },
    );
  }

  async #find<Kind extends ContactKind>(
    request: ProposalRequest<Kind>,
    signal: AbortSignal,
  ): Promise<Found<Kind> | ContactRefusal> {
    const { planning, records, planned, texts, newChatsPerDay, now } = this.#options;
    const { owner, kind } = request;
    const refusal = needsOldAccount(kind) ? await this.#refusalByFile(owner) : null;
    if (refusal !== null) return refusal;
    const rooms = roomsOf(request.order);
    const plan = needsPlan(kind) && rooms.length === 0 ? await planning.last(owner) : null;
    if (needsPlan(kind) && rooms.length === 0 && plan === null) return { status: "no_plan" };
    const filters = plan?.request.filters ?? { ...NO_FILTERS, categories: null };
    // Of all contact only leaving depends on the keys.
    const isWithoutKeys = kind !== "leave";
    const move = await planning.decideAsTyped({ ...request, filters, rooms, isWithoutKeys, signal });
    if ("status" in move) return move;
    const { decision } = move;
    const order = withRoomIds(request.order, decision);
    const unknown = decision.unknownRooms(roomsOf(order));
    if (unknown.length > 0) return { status: "unknown_rooms", rooms: unknown };
    const parties = accountsOf(request, move);
    const known = {
      // Before the records: a step that ends meanwhile is then in one of them at least.
      planned: await planned(owner, parties),
      records: await records(parties),
      texts,
      newChatsPerDay,
      now: now(),
    };
    return await this.#propose(move, { kind, order, known });
  }

  /** Nobody can act for an old account that is known from files. */
  async #refusalByFile(owner: string): Promise<CannotDecide | null> {
    const { accounts } = this.#options;
    const { source } = await accounts.of(owner);
    if (source === null || !isFromFile(source)) return null;
    return { status: "not_signed_in", missing: ["source"], ...(await accounts.filesInstead(owner)) };
  }

  async #propose<Kind extends ContactKind>(
    move: Decided,
    { kind, order, known }: { kind: Kind; order: ContactOrders[Kind]; known: Known },
  ): Promise<Found<Kind> | CannotDecide> {
    const { decision, source, target } = move;
    const proposal = await proposed(decision, { kind, order, known });
    if ("status" in proposal) return proposal;
    const preview: ContactPreview<Kind> = {
      status: "possible",
      order,
      facts: proposal.facts,
      canBegin: proposal.steps.length > 0,
      durationMs: await this.#durationMs(move, proposal.steps),
      shown: createHash("sha256")
        .update(JSON.stringify([kind, source.userId, target.userId, proposal.exact]))
        .digest("hex"),
    };
    return { move, known, proposal, preview };
  }

  async #durationMs(move: Decided, steps: readonly PlannedStep[]): Promise<number> {
    const { limits, now } = this.#options;
    let longestMs = 0;
    for (const side of sides) {
      const { userId } = move[side];
      const ofSide = steps.filter((step) => step.side === side);
      const counts = requestsByLimit(
        ofSide.map((step) => ({ kind: step.kind, limit: ownLimit(step.limits), count: 1 })),
      );
      await limits.load(userId);
      longestMs = Math.max(longestMs, limits.expectedMs(userId, counts, now()));
    }
    return longestMs;
  }
}

/** What a decision proposes. It may read more of the accounts. */
async function proposed<Kind extends ContactKind>(
  decisions: ContactDecisions,
  { kind, order, known }: { kind: Kind; order: ContactOrders[Kind]; known: Known },
): Promise<Proposal<ContactFacts[Kind]> | CannotDecide> {
  try {
    return await decisions[kind](order, known);
  } catch (error) {
    if (error instanceof UnreadableAccountError)
      return { status: "not_read", account: error.account, refusal: error.refusal };
    throw error;
  }
}

/** Whether the order without rooms means the rooms of the last plan, with its filters. */
function needsPlan(kind: ContactKind): boolean {
  return kind === "ask" || kind === "knock";
}

/** Whether the old account itself writes, renames itself, or leaves. */
function needsOldAccount(kind: ContactKind): boolean {
  return kind === "announce" || kind === "rename" || kind === "leave";
}

function roomsOf(order: ContactOrders[ContactKind]): readonly string[] {
  return "rooms" in order ? order.rooms : [];
}

function withRoomIds<Order extends ContactOrders[ContactKind]>(
  order: Order,
  { aliases }: Pick<Decision, "aliases">,
): Order {
  if (!("rooms" in order)) return order;
  return { ...order, rooms: order.rooms.map((word) => aliases.get(word) ?? word) };
}
