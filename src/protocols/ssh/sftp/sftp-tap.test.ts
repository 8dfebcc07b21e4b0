import fc from "fast-check";
import { expect, it } from "vitest";
import { MalformedError } from "../../../wire/index.js";
import { write } from "../wire.js";
import { type Operation, operationAnalysis } from "./operation.js";
import { sftp } from "./packets.js";
import { SftpTap } from "./sftp-tap.js";

type Answer = (word: { readonly denied: string } | { readonly ask: number }) => void;

function packet(body: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(body.length);
  return Buffer.concat([length, body]);
}

const init = packet(write(sftp.init).uint32(3).end());
const remove = (id: number, path: string) => packet(write(sftp.remove).uint32(id).string(path).end());
const stat = (id: number, path: string) => packet(write(sftp.stat).uint32(id).string(path).end());

function tap(decide: (operation: Operation, answer: Answer) => void) {
  const sent: { to: string; data: Buffer }[] = [];
  const made = new SftpTap({
    judge: (operation, _bytes, answer) => {
      decide(operation, answer);
      return () => {};
    },
    finished: () => {},
    inject: (to, data) => void sent.push({ to, data }),
    idle: () => {},
    closed: () => {},
  });
  return { made, sent };
}

it("gives the same at every split of the bytes", () => {
  const whole = Buffer.concat([init, stat(1, "/a"), remove(2, "/b"), stat(3, "/c")]);
  for (let at = 0; at <= whole.length; at++) {
    const { made, sent } = tap((_, answer) => answer({ ask: 1 }));
    const passed = [whole.subarray(0, at), whole.subarray(at)].map((part) => made.fromClient(part) ?? Buffer.alloc(0));
    expect(Buffer.concat(passed)).toEqual(Buffer.concat([init, stat(1, "/a"), stat(3, "/c")]));
    expect(sent).toEqual([{ to: "target", data: remove(2, "/b") }]);
  }
});

it("a denied request never leaves; others go on while one is held", () => {
  const held: Answer[] = [];
  const { made, sent } = tap((_, answer) => void held.push(answer));
  expect(made.fromClient(Buffer.concat([init, remove(7, "/x"), stat(8, "/y")]))).toEqual(
    Buffer.concat([init, stat(8, "/y")]),
  );
  held[0]!({ denied: "not you" });
  expect(sent.map(({ to }) => to)).toEqual(["client"]);
  expect(sent[0]!.data.toString("latin1")).toContain("hoop: not you");
});

it("numbers used twice, oversized and unasked packets end it", () => {
  const { made } = tap((_, answer) => answer({ ask: 1 }));
  made.fromClient(init);
  expect(() => made.fromClient(Buffer.from("ffffffff", "hex"))).toThrow(MalformedError);
  const twice = tap((_, answer) => answer({ ask: 1 })).made;
  expect(() => twice.fromClient(Buffer.concat([init, remove(1, "/a"), remove(1, "/b")]))).toThrow(MalformedError);
  expect(() => twice.fromTarget(packet(write(sftp.status).uint32(99).uint32(0).end()), null)).toThrow(MalformedError);
});

it("takes any bytes, or says that they are malformed", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 10 }), (bodies) => {
      const { made } = tap((_, answer) => answer({ ask: 1 }));
      made.fromClient(init);
      try {
        for (const body of bodies) made.fromClient(packet(Buffer.from(body)));
      } catch (error) {
        expect(error).toBeInstanceOf(MalformedError);
      }
    }),
  );
});

it("paths are made absolute, and what cannot be read is unknown", () => {
  const of = (path: string, home: string | null = null) =>
    operationAnalysis({ name: "read", effects: ["read"], paths: [{ path, access: "read" }] }, {}, home);
  expect(of("/etc/../etc/./shadow").resources[0]!.name).toBe("/etc/shadow");
  expect(of("notes").resources[0]!.name).toBe("~/notes");
  expect(of("notes", "/home/ada").resources[0]!.name).toBe("/home/ada/notes");
  expect(of("~/notes", "/home/ada").resources[0]!.name).toBe("/home/ada/~/notes");
  for (const path of ["../../etc/shadow", "a\ufffd"]) expect(of(path).effects).toContain("unknown");
});
