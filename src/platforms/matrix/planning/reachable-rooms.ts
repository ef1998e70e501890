/** The properties of a room that matter for entering other rooms. */
export interface ReachableRoom {
  roomId: string;
  /**
   * The target has joined the room, or can enter it without an invitation from the source and
   * without another room: joined, invited, public.
   */
  isOpen: boolean;
  canInvite: boolean;
  /**
   * The rooms that open this one, each by itself. Empty if nobody in the room can vouch for the
   * join.
   */
  allowedRoomIds: readonly string[];
  isSpace: boolean;
}

/**
 * Finds the restricted rooms that the target will be able to join, and the room that opens each, at
 * any depth and with cycles. It needs the fewest invitations:
 * 1. rooms that open from rooms which cost no invitation;
 * 2. rooms that open from rooms which need an invitation anyway;
 * 3. one room of a cycle that nothing else opens: the source invites into it.
 *
 * Linear in rooms and `allow` entries.
 * @param rooms in order of preference
 * @returns for each room reached through another one, that other room
 */
export function gatewayRooms(rooms: readonly ReachableRoom[]): Map<string, string> {
  const byId = new Map(rooms.map((room) => [room.roomId, room]));
  const opens = new Map<string, ReachableRoom[]>();
  for (const room of rooms) {
    if (room.isOpen) continue;
    for (const roomId of room.allowedRoomIds) {
      const opened = opens.get(roomId);
      if (opened === undefined) opens.set(roomId, [room]);
      else opened.push(room);
    }
  }
  const entered = new Set<string>();
  const through = new Map<string, string>();
  function enter(seeds: readonly ReachableRoom[]): void {
    const queue = seeds.filter((seed) => !entered.has(seed.roomId)).map((seed) => seed.roomId);
    for (const roomId of queue) entered.add(roomId);
    for (const roomId of queue) {
      for (const opened of opens.get(roomId) ?? []) {
        if (entered.has(opened.roomId)) continue;
        entered.add(opened.roomId);
        through.set(opened.roomId, roomId);
        queue.push(opened.roomId);
      }
    }
  }
  enter(rooms.filter((room) => room.isOpen));
  enter(rooms.filter((room) => room.canInvite && !room.allowedRoomIds.some((roomId) => byId.has(roomId))));
  const remaining = rooms.filter((room) => !entered.has(room.roomId));
  for (const cycle of cycles(remaining)) {
    if (cycle.some((room) => entered.has(room.roomId))) continue;
    const invitable = cycle.filter((room) => room.canInvite);
    const seed = invitable.find((room) => room.isSpace) ?? invitable[0];
    if (seed !== undefined) enter([seed]);
  }
  return through;
}

/**
 * Groups of rooms that open each other (strongly connected components), each group after those that
 * open it. Tarjan's algorithm without recursion.
 */
function cycles(rooms: readonly ReachableRoom[]): ReachableRoom[][] {
  const byId = new Map(rooms.map((room) => [room.roomId, room]));
  const index = new Map<string, number>();
  const lowest = new Map<string, number>();
  const stack: ReachableRoom[] = [];
  const isOnStack = new Set<string>();
  const found: ReachableRoom[][] = [];
  function open(room: ReachableRoom): { room: ReachableRoom; next: number } {
    index.set(room.roomId, index.size);
    lowest.set(room.roomId, index.size - 1);
    stack.push(room);
    isOnStack.add(room.roomId);
    return { room, next: 0 };
  }
  function lower(roomId: string, value: number): void {
    lowest.set(roomId, Math.min(lowest.get(roomId) ?? value, value));
  }
  for (const root of rooms) {
    if (index.has(root.roomId)) continue;
    const frames = [open(root)];
    for (let frame = frames.at(-1); frame !== undefined; frame = frames.at(-1)) {
      const { roomId, allowedRoomIds } = frame.room;
      const nextId = allowedRoomIds[frame.next++];
      if (nextId !== undefined) {
        const next = byId.get(nextId);
        if (next === undefined) continue;
        if (!index.has(nextId)) frames.push(open(next));
        else if (isOnStack.has(nextId)) lower(roomId, index.get(nextId) ?? 0);
        continue;
      }
      frames.pop();
      const parent = frames.at(-1);
      if (parent !== undefined) lower(parent.room.roomId, lowest.get(roomId) ?? 0);
      if (lowest.get(roomId) !== index.get(roomId)) continue;
      const cycle = stack.splice(stack.findLastIndex((room) => room.roomId === roomId));
      for (const room of cycle) isOnStack.delete(room.roomId);
      found.push(cycle);
    }
  }
  return found;
}
