import type { MatrixClient } from "matrix-bot-sdk";
import type { Logger } from "pino";
import type { ControlRooms } from "./control-rooms.ts";
import type { Rooms } from "./rooms.ts";

/**
 * Leaves chats without other members, so that they do not accumulate. It waits until all control
 * rooms are known, because the bot stays in those.
 */
export class EmptyRooms {
  readonly #client: Pick<MatrixClient, "leaveRoom">;
  readonly #rooms: Rooms;
  readonly #controlRooms: Pick<ControlRooms, "areAllKnown">;
  readonly #log: Logger;

  constructor(options: {
    client: Pick<MatrixClient, "leaveRoom">;
    rooms: Rooms;
    controlRooms: Pick<ControlRooms, "areAllKnown">;
    log: Logger;
  }) {
    this.#client = options.client;
    this.#rooms = options.rooms;
    this.#controlRooms = options.controlRooms;
    this.#log = options.log;
  }

  /** Call this when a membership of the room changed. */
  look(roomId: string): void {
    this.#leaveIfAlone(roomId).catch((error: unknown) =>
      this.#log.warn({ err: error, roomId }, "the members of a room could not be read"),
    );
  }

  async #leaveIfAlone(roomId: string): Promise<void> {
    if (!this.#controlRooms.areAllKnown || this.#rooms.isControlRoom(roomId)) return;
    if ((await this.#rooms.members(roomId)).length !== 1) return;
    await this.#client.leaveRoom(roomId);
    this.#log.info({ roomId }, "left a chat without other members");
  }
}
