import type { Store } from "../../../src/store/store.ts";

/** Shows a numbered list of rooms to a person, in a message that is sent. */
export async function showList(
  { outbox }: Pick<Store, "outbox">,
  owner: string,
  numberedRooms: readonly string[],
): Promise<void> {
  const transactionId = `list ${owner} ${numberedRooms.join(" ")}`;
  await outbox.add(
    {
      transactionId,
      roomId: "!chat:x.org",
      forUser: owner,
      cause: null,
      numberedRooms,
      kind: "message",
      content: {},
      priority: 1,
    },
    0,
  );
  const due = await outbox.due(Number.MAX_SAFE_INTEGER / 2, 1000);
  for (const { id } of due)
    if ((await outbox.get(id, 0))?.transactionId === transactionId)
      await outbox.finish(id, { status: "sent", eventId: "$list" }, 0);
}
