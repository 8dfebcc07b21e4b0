import { expect, it } from "vitest";
import { ed25519FromSeed } from "../login/openssh-key.js";
import { convertSignature, defaults, LibraryProtocol, nativeCrypto, parseKey, sendPacket } from "./library.js";

it("the library still has what is used of it, under the names that are used", () => {
  const key = parseKey(ed25519FromSeed(Buffer.alloc(32, 3)).privateKey);
  if (key instanceof Error) throw key;
  expect([key.type, key.isPrivateKey(), typeof key.sign, typeof key.verify]).toEqual([
    "ssh-ed25519",
    true,
    "function",
    "function",
  ]);
  const raw = key.sign(Buffer.from("x"));
  expect(key.verify(Buffer.from("x"), raw as Buffer)).toBe(true);
  expect(typeof convertSignature).toBe("function");
  expect(typeof sendPacket).toBe("function");
  for (const list of ["DEFAULT_KEX", "DEFAULT_SERVER_HOST_KEY", "DEFAULT_CIPHER", "DEFAULT_MAC"] as const)
    expect(defaults[list].length, list).toBeGreaterThan(0);
  const written: Buffer[] = [];
  const transport = new LibraryProtocol({
    server: false,
    ident: "Hoop",
    offer: {
      kex: defaults.DEFAULT_KEX,
      serverHostKey: defaults.DEFAULT_SERVER_HOST_KEY,
      cs: { cipher: defaults.DEFAULT_CIPHER, mac: defaults.DEFAULT_MAC, compress: ["none"], lang: [] },
      sc: { cipher: defaults.DEFAULT_CIPHER, mac: defaults.DEFAULT_MAC, compress: ["none"], lang: [] },
    },
    onWrite: (bytes) => void written.push(Buffer.from(bytes)),
    onError: () => {},
    onHeader: () => {},
    onHandshakeComplete: () => {},
    hostVerifier: () => undefined,
    messageHandlers: {},
  });
  transport.start?.();
  for (const name of ["parse", "cleanup", "rekey", "_onPayload"] as const)
    expect(typeof transport[name], name).toBe("function");
  expect(transport._authenticated).toBe(false);
  expect(typeof transport._packetRW.write.alloc).toBe("function");
  expect(typeof transport._packetRW.write.finalize).toBe("function");
  expect(Buffer.concat(written).toString("latin1")).toMatch(/^SSH-2\.0-Hoop\r\n/);
});

it("says whether the compiled part is there", () => {
  expect(typeof nativeCrypto()).toBe("boolean");
});
