import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Store } from "../storage/store.js";
import { gatewayConfig } from "./config.js";
import { signInParts } from "./sign-in.js";

const store = { db: {}, changes: {} } as unknown as Store;
const vault = {} as Parameters<typeof signInParts>[1]["vault"];
const parts = (env: Record<string, string>) => signInParts(gatewayConfig(env, "/tmp/x"), { store, vault }).options;

test("providers come from the environment or a file, their secrets from files", () => {
  const folder = mkdtempSync(join(tmpdir(), "hoop-sign-in-"));
  try {
    writeFileSync(join(folder, "secret"), "s3cret\n");
    const yaml = `- name: okta\n  secretFile: ${join(folder, "secret")}\n  kind: oidc\n  title: Okta\n- { name: corp, kind: ldap, secret: pw }\n`;
    writeFileSync(join(folder, "providers.yaml"), yaml);
    const expected = [
      { name: "okta", settings: { kind: "oidc", title: "Okta" }, secret: "s3cret" },
      { name: "corp", settings: { kind: "ldap" }, secret: "pw" },
    ];
    expect(parts({ HOOP_PROVIDERS: yaml }).fixed).toEqual(expected);
    expect(parts({ HOOP_PROVIDERS_FILE: join(folder, "providers.yaml") }).fixed).toEqual(expected);
    expect(parts({ HOOP_PROVIDERS: JSON.stringify([{ name: "a", kind: "saml" }]) }).fixed).toEqual([
      { name: "a", settings: { kind: "saml" }, secret: null },
    ]);
    expect(parts({}).fixed).toEqual([]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test.each<[string, Record<string, string>]>([
  ["no list", { HOOP_PROVIDERS: "name: okta" }],
  ["no YAML", { HOOP_PROVIDERS: "[{" }],
  ["no name", { HOOP_PROVIDERS: "- { kind: oidc, secret: topsecret }" }],
  ["two places", { HOOP_PROVIDERS: "[]", HOOP_PROVIDERS_FILE: "/tmp/x" }],
  ["a file that is not there", { HOOP_PROVIDERS_FILE: "/nonexistent/providers.yaml" }],
  ["a rule that names nobody", { HOOP_ADMIN_RULE: "okta:everybody" }],
  ["no way in when the provider is away", { HOOP_LOCAL_SIGN_IN: "off" }],
])("refuses %s, and repeats no secret", (_what, env) => {
  let thrown: unknown;
  try {
    parts(env);
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toMatchObject({ code: "invalid" });
  expect(String((thrown as Error).message)).not.toContain("topsecret");
});

test("asks providers at least every five minutes, whatever is set", () => {
  expect(parts({}).intervalMs).toBe(300_000);
  expect(() => parts({ HOOP_PROVIDER_REFRESH_SECONDS: "3600" })).toThrow(/HOOP_PROVIDER_REFRESH_SECONDS/);
});
