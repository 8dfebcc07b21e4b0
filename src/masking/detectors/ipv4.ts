import { trait } from "../scan/traits.js";
import { type Detector, findMatches } from "./detector.js";

const part = "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])";
const pattern = new RegExp(`(?<![A-Za-z0-9_.-])${part}(?:\\.${part}){3}(?![A-Za-z0-9_-]|\\.[0-9])`, "g");

/** IPv4 addresses; only where a rule names it, for they are everywhere in logs. */
export const ipv4: Detector = {
  name: "ipv4",
  finds: "IPv4 addresses. Not part of `all`.",
  needs: trait.dot,
  prefilters: ["[0-9]\\.[0-9]+\\.[0-9]+\\.[0-9]"],
  set: "numbers",
  partial: "text",
  token: "text",
  find: (text, found) => findMatches(pattern, text, found),
};
