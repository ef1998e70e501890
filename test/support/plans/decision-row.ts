import { expect } from "vitest";
import type { Reason, Route, Status } from "../../../src/model/routes.ts";
import type { RoomSnapshot } from "../../../src/platforms/matrix/rooms/types.ts";
import type { RoomSketch } from "./planned-rooms.ts";
import { TARGET, account, plan, rowOf, sketchRoom } from "./planned-rooms.ts";

/** The room that every row is about. */
export const ROOM = "!room:old.example";
// The target's server knows every version but 1 and 4.
const VERSIONS = ["2", "3", "5", "6", "7", "8", "9", "10", "11", "12"];

/** A row of the decision table: a room and its planned route. An absent field is not checked. */
export interface DecisionRow {
  name: string;
  room: RoomSketch;
  seenByTarget?: RoomSnapshot;
  others?: RoomSketch[];
  route: Route;
  status?: Status;
  reason?: Reason["code"] | null;
  helpers?: string[];
  through?: string;
  routes?: Route[];
}

export function expectDecision(row: DecisionRow): void {
  const rooms = [row.room, ...(row.others ?? [])].map(sketchRoom);
  const target = {
    ...account(TARGET, row.seenByTarget === undefined ? [] : [row.seenByTarget]),
    roomVersions: VERSIONS,
  };
  const made = plan(rooms, { target });
  const room = rowOf(made, ROOM);
  expect(room.route).toBe(row.route);
  expect(room.routes[0]).toBe(row.route);
  if (row.status !== undefined) expect(room.status).toBe(row.status);
  if (row.reason !== undefined) expect(room.reason?.code ?? null).toBe(row.reason);
  if (row.helpers !== undefined) expect(room.helpers.map((helper) => helper.userId)).toEqual(row.helpers);
  if (row.through !== undefined) expect(room.through).toBe(row.through);
  if (row.routes !== undefined) expect(room.routes).toEqual(row.routes);
  expect(made.rooms.map(({ roomId }) => roomId)).toEqual(rooms.map(({ roomId }) => roomId));
}
