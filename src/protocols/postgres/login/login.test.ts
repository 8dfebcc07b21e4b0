import { execFileSync } from "node:child_process";
import { createHash, pbkdf2Sync, X509Certificate } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, test } from "vitest";
import { serverEndPoint } from "./channel-binding.js";
import { Login, type LoginWay } from "./login.js";
import { md5Password } from "./md5.js";
import { saslprep } from "./saslprep.js";
import { Scram } from "./scram.js";

/** The exchange of RFC 7677, section 3; its user name is there, PostgreSQL leaves it out, so the proofs are of our own message. */
const nonce = "rOprNGfwEbeRWgbNEkqO";
const first = "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";

const stretched = (scram: Scram) => {
  const { salt, iterations } = scram.serverFirst(first);
  return pbkdf2Sync(scram.secret, salt, iterations, 32, "sha256");
};

describe("SCRAM", () => {
  it("stretches as RFC 7677 does", () => {
    const scram = new Scram("pencil", nonce, { kind: "none" });
    expect(scram.clientFirst()).toBe(`n,,n=,r=${nonce}`);
    expect(scram.serverFirst(first)).toEqual({
      salt: Buffer.from("W22ZaJ0SNY7soEsUEjb6gQ==", "base64"),
      iterations: 4096,
    });
    // SaltedPassword of the example, from which its published proof and signature follow.
    expect(stretched(scram).toString("hex")).toBe("c4a49510323ab4f952cac1fa99441939e78ea74d6be81ddf7096e87513dc615d");
  });

  it("gives the published proof and checks the published signature", () => {
    const scram = new Scram("pencil", nonce, { kind: "none" }, "user");
    expect(scram.clientFinal(stretched(scram))).toBe(
      "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
    );
    scram.serverFinal("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
    expect(() => scram.serverFinal("v=7rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=")).toThrow(/not the server/);
    expect(() => scram.serverFinal("e=invalid-proof")).toThrow();
  });

  it.each([
    ["a nonce that is not ours", "r=other,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"],
    ["our nonce and nothing more", `r=${nonce},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096`],
    ["no salt", `r=${nonce}x,s=,i=4096`],
    ["a salt that is not base64", `r=${nonce}x,s=!!!!,i=4096`],
    ["no iterations", `r=${nonce}x,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=0`],
    ["too many iterations", `r=${nonce}x,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=1000001`],
    ["iterations that are no number", `r=${nonce}x,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096x`],
    ["a mandatory extension", `m=new,r=${nonce}x,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096`],
    ["nothing", ""],
  ])("refuses %s", (_what, message) => {
    expect(() => new Scram("pencil", nonce, { kind: "none" }).serverFirst(message)).toThrow();
  });

  it("says in its header whether the channel is bound, could be, or cannot", () => {
    const data = Buffer.from("0102", "hex");
    const bound = new Scram("pencil", nonce, { kind: "tls-server-end-point", data });
    expect(bound.mechanism).toBe("SCRAM-SHA-256-PLUS");
    expect(bound.clientFirst()).toMatch(/^p=tls-server-end-point,,/);
    const expected = Buffer.concat([Buffer.from("p=tls-server-end-point,,"), data]).toString("base64");
    expect(bound.clientFinal(stretched(bound))).toContain(`c=${expected},`);
    expect(new Scram("pencil", nonce, { kind: "not-offered" }).clientFirst()).toMatch(/^y,,/);
  });
});

describe("a login", () => {
  const way: LoginWay = {
    user: "app",
    secret: "pencil",
    overheard: false,
    certificate: null,
    random: (n) => Buffer.alloc(n, 1),
  };

  it("does not take an OK from a server that has not proven itself", () => {
    for (const steps of [1, 2, 3]) {
      const login = new Login(way);
      const sent = login.next({ kind: "sasl", mechanisms: ["SCRAM-SHA-256"] });
      const own = /r=(.*)$/.exec((sent as { bytes: Buffer }).bytes.toString())![1]!;
      if (steps > 1) login.next({ kind: "sasl-continue", data: `r=${own}x,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=1` });
      if (steps > 2) login.derived(Buffer.alloc(32));
      expect(() => login.next({ kind: "ok" })).toThrow(/does not follow the protocol/);
    }
  });

  it("answers one method once", () => {
    const login = new Login(way);
    login.next({ kind: "md5", salt: Buffer.alloc(4) });
    expect(() => login.next({ kind: "cleartext" })).toThrow();
    expect(() => login.next({ kind: "sasl", mechanisms: ["SCRAM-SHA-256"] })).toThrow();
  });

  it("shows nothing to somebody who overhears it", () => {
    const heard = { ...way, overheard: true };
    for (const request of [{ kind: "cleartext" }, { kind: "md5", salt: Buffer.alloc(4) }] as const) {
      expect(() => new Login(heard).next(request)).toThrow(/show it to the agent/);
    }
    expect(new Login(heard).next({ kind: "sasl", mechanisms: ["SCRAM-SHA-256"] }).kind).toBe("send");
  });

  it("names what it does not speak", () => {
    expect(() => new Login(way).next({ kind: "other", name: "GSSAPI" })).toThrow(/GSSAPI/);
    expect(() => new Login(way).next({ kind: "sasl", mechanisms: ["OAUTHBEARER"] })).toThrow(/OAUTHBEARER/);
  });
});

test("md5 is of secret and user, then of that and the salt", () => {
  const inner = createHash("md5").update("pencilapp").digest("hex");
  const outer = createHash("md5")
    .update(inner)
    .update(Buffer.from([1, 2, 3, 4]))
    .digest("hex");
  expect(md5Password("app", "pencil", Buffer.from([1, 2, 3, 4]))).toBe(`md5${outer}`);
});

test("passwords are prepared as RFC 4013 has it", () => {
  expect(saslprep("I\u00adX")).toBe("IX");
  expect(saslprep("user")).toBe("user");
  expect(saslprep("\u00aa")).toBe("a");
  expect(saslprep("\u2168")).toBe("IX");
  // Prohibited: used as it is.
  expect(saslprep("a\u0007\u00e9")).toBe("a\u0007\u00e9");
});

test.each([
  ["sha256", "sha256"],
  ["sha384", "sha384"],
  ["sha512", "sha512"],
  ["sha224", "sha224"],
  ["sha1", "sha256"],
])("a certificate signed with %s is hashed with %s", (signed, hashed) => {
  const folder = mkdtempSync(join(tmpdir(), "hoop-cb-"));
  try {
    for (const key of ["rsa:2048", "ec"]) {
      execFileSync(
        "openssl",
        [
          ...[
            "req",
            "-x509",
            "-newkey",
            key,
            ...(key === "ec" ? ["-pkeyopt", "ec_paramgen_curve:prime256v1"] : []),
            "-nodes",
            `-${signed}`,
          ],
          ...["-keyout", join(folder, "key"), "-out", join(folder, "crt"), "-subj", "/CN=x", "-days", "2"],
        ],
        { stdio: "ignore" },
      );
      const der = new X509Certificate(readFileSync(join(folder, "crt"))).raw;
      expect(serverEndPoint(der)).toEqual(createHash(hashed).update(der).digest());
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("a certificate that names no single hash, or is none, gives no channel binding", () => {
  expect(serverEndPoint(Buffer.alloc(0))).toBeNull();
  expect(serverEndPoint(Buffer.from("3003020100", "hex"))).toBeNull();
});
