import type { MatrixClient } from "matrix-bot-sdk";
import type { Logger } from "pino";
import type { Rooms } from "./rooms.ts";

/** Leaves chats without other members, so that they do not accumulate. */
export class EmptyRooms {
  readonly #client: MatrixClient;
  readonly #rooms: Rooms;
  readonly #log: Logger;

  constructor(client: MatrixClient, rooms: Rooms, log: Logger) {
    this.#client = client;
    this.#rooms = rooms;
    this.#log = log;
  }

  /** Call this when a membership of the room changed. */
  look(roomId: string): void {
    this.#leaveIfAlone(roomId).catch((error: unknown) =>
      this.#log.warn({ err: error, roomId }, "the members of a room could not be read"),
    );
  }

  async #leaveIfAlone(roomId: string): Promise<void> {
    if (this.#rooms.isControlRoom(roomId) || (await this.#rooms.members(roomId)).length !== 1) return;
    await this.#client.leaveRoom(roomId);
    this.#log.info({ roomId }, "left a chat without other members");
  }
}
