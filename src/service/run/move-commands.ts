import type { Side } from "../../model/account.ts";
import type { ConversationAddress } from "../../model/conversation-address.ts";
import type { PlanFilters } from "../../platforms/matrix/planning/filters.ts";
import type { Report } from "../../model/report.ts";
import type { ReadProgress } from "../accounts/readers.ts";
import type { StoredPlan } from "../plan/planning.ts";
import type {
  CancelResult,
  ConvertResult,
  PauseResult,
  ResumeResult,
  RunStatus,
  StartResult,
  UndoPreviewResult,
  VerifyResult,
} from "./results.ts";

export interface StartRequest {
  owner: string;
  /** Where the run tells how far it is, and that it ends. */
  address: ConversationAddress;
  /** Rooms in which the person talks with the bot. */
  botRoomIds: readonly string[];
  onProgress: (progress: ReadProgress) => void;
}

export interface PartRequest extends StartRequest {
  filters: PlanFilters;
  /** Room IDs and aliases; empty: all that fit. */
  rooms: readonly string[];
}

export interface ConvertRequest {
  /** Room ID or alias. */
  room: string;
  partner: string | null;
  toDirect: boolean;
}

/** What people can tell a move to do. Whatever takes effect is stored before it is answered. */
export interface MoveCommands {
  start(request: StartRequest): Promise<StartResult>;
  inviteAll(request: PartRequest): Promise<StartResult>;
  joinAll(request: PartRequest): Promise<StartResult>;
  copyProfile(request: StartRequest): Promise<StartResult>;
  /** The last plan; while it is run, with what is done for each room now. `null`: there is none. */
  lastPlan(owner: string): Promise<StoredPlan | null>;
  /** `null`: nothing was ever started. */
  status(owner: string): Promise<RunStatus | null>;
  /** Whether a run goes on watching every room of the report that waits for a person. */
  isWatched(owner: string, report: Pick<Report, "source" | "target" | "rooms">): Promise<boolean>;
  pause(owner: string): Promise<PauseResult>;
  resume(owner: string): Promise<ResumeResult>;
  cancel(owner: string): Promise<CancelResult>;
  /** These accounts are about to be signed out. `null`: nothing was under way. */
  abandonOnLogout(owner: string, chosen: readonly Side[]): Promise<CancelResult | null>;
  verify(owner: string, request: Pick<StartRequest, "botRoomIds" | "onProgress">): Promise<VerifyResult>;
  previewUndo(owner: string): Promise<UndoPreviewResult>;
  undo(request: Pick<StartRequest, "owner" | "address">): Promise<StartResult>;
  convert(owner: string, request: ConvertRequest): Promise<ConvertResult>;
}
