import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { putBlock, readBlock, removeBlock } from "./block.js";

const lines = ["127.77.0.20\tpg-demo.hoop"];

describe("a block in a file of others", () => {
  it("goes without leaving a trace, whatever the file was", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: "binary", maxLength: 200 }).map((text) => Buffer.from(text).toString("latin1")),
        (text) => {
          const put = putBlock(text, "ab12", lines);
          expect(readBlock(put, "ab12")).toEqual(lines);
          expect(removeBlock(put, "ab12")).toBe(text);
          expect(removeBlock(putBlock(put, "ab12", []), "ab12")).toBe(text);
        },
      ),
    );
  });

  it("leaves the blocks of other tunnels alone", () => {
    const both = putBlock(putBlock("a\n", "one", lines), "two", lines);
    expect(readBlock(removeBlock(both, "one"), "two")).toEqual(lines);
    expect(removeBlock(removeBlock(both, "one"), "two")).toBe("a\n");
  });

  it("keeps lines that were added behind it", () => {
    expect(removeBlock(`${putBlock("a", "one", lines)}b\n`, "one")).toBe("a\nb\n");
  });

  it("removes only what looks like ours when its end was cut off", () => {
    const cut = putBlock("a\n", "one", lines).replace("# hoop end one\n", "10.1.1.1 kept\n");
    expect(removeBlock(cut, "one")).toBe("a\n10.1.1.1 kept\n");
  });
});
