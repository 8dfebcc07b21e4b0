import { describe, expect, it } from "vitest";
import { nftRules } from "./nft-rules.js";

describe("the text for nft", () => {
  it("replaces the whole table in one transaction, and keeps the address", () => {
    expect(nftRules("hoop_1", [{ address: "127.77.1.2", port: 5432, to: 5433 }])).toBe(
      "add table ip hoop_1\ndelete table ip hoop_1\ntable ip hoop_1 {\n\tchain output {\n\t\ttype nat hook output priority -100; policy accept;\n\t\tip daddr 127.77.1.2 tcp dport 5432 dnat to 127.77.1.2:5433\n\t}\n}\n",
    );
  });

  it("removes the table when nothing is to be redirected", () => {
    expect(nftRules("hoop_1", [])).toBe("add table ip hoop_1\ndelete table ip hoop_1\n");
  });
});
