import { describe, expect, it } from "vitest";
import { MAX_REQUESTS_PER_SERVER, ServerSlots } from "../../../src/queue/server-slots.ts";

const SERVER = "old.example";

function fullPlaces(runId = 1): { places: ServerSlots; called: number[] } {
  const called: number[] = [];
  const places = new ServerSlots((each) => called.push(each));
  for (let taken = 0; taken < MAX_REQUESTS_PER_SERVER; taken += 1)
    expect(places.take(SERVER, runId)).toBe(true);
  return { places, called };
}

describe("the places at a server", () => {
  it("are so many, and as many at every other", () => {
    const { places } = fullPlaces();
    expect([places.take(SERVER, 1), places.take("new.example", 1)]).toEqual([false, true]);
  });

  it("go to the waiting runs in turn", () => {
    const { places, called } = fullPlaces();
    expect([1, 2, 3].map((runId) => places.take(SERVER, runId))).toEqual([false, false, false]);
    places.release(SERVER);
    expect(called).toEqual([1]);
    expect([places.take(SERVER, 3), places.take(SERVER, 1)]).toEqual([false, true]);
    // A run that has just got a slot goes to the end of the queue.
    expect(places.take(SERVER, 1)).toBe(false);
    places.release(SERVER);
    expect([places.take(SERVER, 1), places.take(SERVER, 2)]).toEqual([false, true]);
  });

  it("are offered to the next where one does not want it any more", () => {
    const { places, called } = fullPlaces();
    places.take(SERVER, 2);
    places.take(SERVER, 3);
    places.release(SERVER);
    places.leave(2);
    expect(called).toEqual([2, 3]);
    expect(places.take(SERVER, 3)).toBe(true);
  });

  it("are left only where one does not stay", () => {
    const { places, called } = fullPlaces();
    places.take(SERVER, 2);
    places.leave(2, new Set([SERVER]));
    places.release(SERVER);
    expect(called).toEqual([2]);
  });
});
