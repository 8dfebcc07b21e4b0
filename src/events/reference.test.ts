import { expect, it } from "vitest";
import { catalogue } from "./catalogue/index.js";
import { eventsReference } from "./reference.js";

it("is the page in the documentation: `vitest run --project unit src/events/reference -u` writes it anew", async () => {
  await expect(eventsReference()).toMatchFileSnapshot("../../docs/events-reference.md");
});

it("has every type", () => {
  for (const { type } of catalogue) expect(eventsReference()).toContain(`### ${type}\n`);
});
