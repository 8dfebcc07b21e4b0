import { answerOf } from "../answer.js";
import { manyOf, oneOf } from "../schema.js";
import { joinOr } from "../words.js";
import { criterion } from "./criterion.js";

const articles = { person: "a person", service: "a service account", agent: "an AI agent" } as const;

/** `kind: agent`: people, service accounts or AI agents only. */
export const kind = criterion({
  name: "kind",
  about: "subject",
  summary: "The subject is a person, a service account or an AI agent.",
  example: "agent",
  data: manyOf(oneOf(["person", "service", "agent"])),
  test: (kinds, { subject }) => answerOf(kinds.includes(subject.kind)),
  dependsOn: "shape",
  reasons: { yes: "kind-matched", no: "kind-not-matched", unknown: "kind-unknown" },
  explain: (kinds) => joinOr(kinds.map((word) => articles[word])),
});
