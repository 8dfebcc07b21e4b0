import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parseAgentConfig } from "../../src/agent/config.js";
import { gatewayConfig } from "../../src/gateway/config.js";

const folder = new URL("../../deploy/systemd/", import.meta.url).pathname;

/** An environment file's settings, those that are commented out among them. */
function settings(file: string): Record<string, string> {
  const lines = readFileSync(join(folder, file), "utf8").split("\n");
  return Object.fromEntries(
    lines.flatMap((line) => {
      const found = /^#?([A-Z][A-Z0-9_]*)=(.*)$/.exec(line);
      return found ? [[found[1]!, found[2]!]] : [];
    }),
  );
}

describe("the units in deploy/systemd", () => {
  it("are given settings that there are", () => {
    expect(gatewayConfig(settings("gateway.env"), "/state")).toMatchObject({
      HOOP_GRPC_PUBLIC: "hoop.example.com:7443",
      HOOP_MASTER_KEY_FILE: "/etc/hoop/master.key",
    });
    expect(parseAgentConfig({}, settings("agent.env")).allow).toHaveLength(2);
    expect(() => gatewayConfig({ ...settings("gateway.env"), HOOP_NO_SUCH: "1" }, "/state")).toThrow("HOOP_NO_SUCH");
  });

  it.runIf(existsSync("/usr/bin/systemd-analyze"))("hold before systemd itself", () => {
    const copies = mkdtempSync(join(tmpdir(), "hoop-units-"));
    try {
      const files = ["hoop-gateway.service", "hoop-agent.service"].map((name) => {
        const text = readFileSync(join(folder, name), "utf8");
        // Where it is installed there is a hoop.
        writeFileSync(join(copies, name), text.replaceAll("/usr/local/bin/hoop", process.execPath));
        return join(copies, name);
      });
      const said = execFileSync("/usr/bin/systemd-analyze", ["verify", ...files], { encoding: "utf8", stdio: "pipe" });
      expect(said).toBe("");
    } finally {
      rmSync(copies, { recursive: true, force: true });
    }
  });
});
