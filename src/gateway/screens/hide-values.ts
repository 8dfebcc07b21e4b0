import { detectors } from "../../masking/detectors/index.js";
import { Finder } from "../../masking/scan/finder.js";
import type { HideValues } from "../../recording/screen/screen-reader.js";
import type { ScanRule } from "../../vocabulary/index.js";

const dot = "•";

const everything: ScanRule = {
  rule: "screens",
  detect: [...detectors.keys()],
  patterns: [],
  bytes: false,
  keys: false,
  mask: { method: "redact" },
};

/** Puts a dot in the place of each character of what a detector finds: on a screen everything else stays where it is. */
export function createHideValues(): HideValues {
  const finder = new Finder([everything]);
  return (line) => {
    const bytes = Buffer.from(line, "utf8");
    const hits = finder.find(bytes.toString("latin1"));
    if (hits.length === 0) return line;
    let shown = "";
    let at = 0;
    for (const { start, end } of hits) {
      shown += bytes.toString("utf8", at, start);
      shown += bytes.toString("utf8", start, end).replaceAll(/\S/g, dot);
      at = end;
    }
    return shown + bytes.toString("utf8", at);
  };
}
