import { z } from "zod";
import { eventType, text } from "./define.js";

const data = z.object({ agent: text, replica: text.describe("The gateway that saw it.") });
const sample = { agent: "office", replica: "7d1f0a3c-94be-4c52-8a67-e0b5d2c9f318" };

export const agentUp = eventType({
  type: "agent.up",
  summary: "An agent connected to a gateway.",
  data,
  about: "nothing",
  sample,
});

export const agentDown = eventType({
  type: "agent.down",
  summary: "A gateway lost its connection to an agent.",
  data,
  about: "nothing",
  sample,
});
