import { expect, test } from "vitest";
import { createPlaces } from "./places.js";

test("there are so many places, so many for one, and each is given back once", () => {
  const places = createPlaces(3, 2);
  const first = places.take("ada");
  expect(places.take("ada")).not.toBeNull();
  // Whoever asks the same in many sessions leaves room for others.
  expect(places.take("ada")).toBeNull();
  expect(places.take("bob")).not.toBeNull();
  expect(places.take("eve")).toBeNull();
  first?.();
  first?.();
  expect(places.taken).toBe(2);
  expect(places.take("ada")).not.toBeNull();
  expect(places.take("eve")).toBeNull();
});
