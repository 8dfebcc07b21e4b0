import { z } from "zod";
import { count, eventType, person, text } from "./define.js";

const change = z.enum(["created", "changed", "removed"]);

export const connectionChanged = eventType({
  type: "connection.changed",
  summary: "A connection was made, edited or removed. The subject is who did it; null: Hoop itself.",
  data: z.object({ change, id: text, protocol: text.nullable(), host: text.nullable() }),
  sample: { change: "changed", id: "41d6c8e2-0b7f-4a95-93c4-5e2f8d1a7b60", protocol: "postgres", host: "10.0.0.5" },
});

export const ruleChanged = eventType({
  type: "rule.changed",
  summary: "A policy document, a reaction or a receiver was applied or removed. The subject is who did it.",
  data: z.object({ change, kind: text, name: text, revision: count }),
  about: "nothing",
  sample: { change: "changed", kind: "guard", name: "no-deletes", revision: 13 },
});

export const userChanged = eventType({
  type: "user.changed",
  summary: "A user was made, changed or removed. The subject is who did it, `data.user` whom it is about.",
  data: z.object({ change, user: person, disabled: z.boolean(), groups: z.array(text).max(200) }),
  about: "nothing",
  sample: {
    change: "changed",
    user: { id: "c2a9d0b4-18f7-4e63-b5a1-0d7e93f8421c", name: "grace" },
    disabled: false,
    groups: ["engineers", "admins"],
  },
});
