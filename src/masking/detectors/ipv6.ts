import { isIPv6 } from "node:net";
import { trait } from "../scan/traits.js";
import type { Detector } from "./detector.js";

const candidates = /[0-9A-Fa-f:.]+/g;
const maxLength = 45;

/** IPv6 addresses; only where a rule names it. */
export const ipv6: Detector = {
  name: "ipv6",
  cost: 4,
  finds: "IPv6 addresses. Not part of `all`.",
  needs: trait.colon,
  prefilters: ["[0-9A-Fa-f]*:[0-9A-Fa-f]*:[0-9A-Fa-f:.]*"],
  set: "numbers",
  partial: "text",
  token: "text",
  find(text, found) {
    candidates.lastIndex = 0;
    for (let match = candidates.exec(text); match !== null; match = candidates.exec(text)) {
      const start = match.index;
      // A sentence may end behind it.
      const value = match[0].replace(/[.:]$/, (end) => (match![0].endsWith("::") ? end : ""));
      if (value.length < 3 || value.length > maxLength || !isIPv6(value) || value === "::") continue;
      if (!/[A-Za-z0-9_]/.test(text.charAt(start - 1)) && !/[A-Za-z0-9_]/.test(text.charAt(start + value.length)))
        found(start, start + value.length);
    }
  },
};
