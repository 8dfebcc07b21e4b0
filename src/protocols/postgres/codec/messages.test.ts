import fc from "fast-check";
import { serialize } from "pg-protocol";
import { expect, test } from "vitest";
import { MalformedError } from "../../../wire/index.js";
import { encodeReport, readReport, readRowDescription } from "./backend.js";
import {
  body,
  encodeBind,
  encodeClose,
  encodeDescribe,
  encodeExecute,
  encodeFlush,
  encodeParse,
  encodeQuery,
  encodeSync,
  encodeTerminate,
  readBind,
  readExecute,
  readFunctionCall,
  readName,
  readParse,
  readQuery,
} from "./frontend.js";
import { encodeCancelRequest, encodeSslRequest, encodeStartup, readStartupPacket } from "./startup.js";

const text = fc.string({ unit: "binary-ascii" }).map((value) => value.replaceAll("\0", ""));
const whole = (bytes: Buffer) => body(bytes, 0, bytes.length);

test("what pg-protocol writes is read as it was meant", () => {
  fc.assert(
    fc.property(text, text, text, fc.array(fc.option(text)), (name, portal, sql, values) => {
      expect(readQuery(whole(serialize.query(sql))).toString()).toBe(sql);
      const parse = readParse(whole(serialize.parse({ name, text: sql })));
      expect([parse.statement, parse.text.toString()]).toEqual([name, sql]);
      const bind = readBind(whole(serialize.bind({ statement: name, portal, values })));
      expect([bind.statement, bind.portal, bind.values.map((value) => value?.toString() ?? null)]).toEqual([
        name,
        portal,
        values,
      ]);
      expect(readExecute(whole(serialize.execute({ portal, rows: 7 })))).toEqual({ portal, maxRows: 7 });
      expect(readName(whole(serialize.describe({ type: "P", name })))).toEqual({ kind: "portal", name });
      expect(readName(whole(serialize.close({ type: "S", name })))).toEqual({ kind: "statement", name });
    }),
  );
});

test("what we write is what pg-protocol writes", () => {
  fc.assert(
    fc.property(text, text, (name, sql) => {
      expect(encodeQuery(sql)).toEqual(serialize.query(sql));
      expect(encodeParse(name, sql)).toEqual(serialize.parse({ name, text: sql }));
      expect(encodeDescribe("portal", name)).toEqual(serialize.describe({ type: "P", name }));
      expect(encodeClose("statement", name)).toEqual(serialize.close({ type: "S", name }));
      expect(encodeExecute(name)).toEqual(serialize.execute({ portal: name }));
      const bind = readBind(whole(encodeBind("", name, [Buffer.from(sql), null])));
      expect(bind).toEqual({
        portal: "",
        statement: name,
        formats: Buffer.alloc(0),
        values: [Buffer.from(sql), null],
      });
    }),
  );
  expect(encodeSync()).toEqual(serialize.sync());
  expect(encodeFlush()).toEqual(serialize.flush());
  expect(encodeTerminate()).toEqual(serialize.end());
  expect(encodeSslRequest()).toEqual(serialize.requestSsl());
  const secret = Buffer.alloc(4);
  secret.writeInt32BE(77);
  expect(encodeCancelRequest(5, secret)).toEqual(serialize.cancel(5, 77));
});

test("startup packets are read back, at every cut", () => {
  const packet = encodeStartup([
    ["user", "ada"],
    ["database", "app"],
  ]);
  for (let n = 0; n < packet.length; n++) expect(readStartupPacket(packet.subarray(0, n))).toBeNull();
  const read = readStartupPacket(Buffer.concat([packet, Buffer.from("more")]))!;
  expect(read.length).toBe(packet.length);
  expect(read.packet).toEqual({
    kind: "startup",
    major: 3,
    minor: 0,
    parameters: new Map([
      ["user", "ada"],
      ["database", "app"],
    ]),
  });
  expect(readStartupPacket(serialize.startup({ user: "ada" }))!.packet).toMatchObject({ kind: "startup", major: 3 });
});

test("an impossible startup packet is refused at its length", () => {
  for (const word of [0, 7, 10_001, -1]) {
    const bytes = Buffer.alloc(4);
    bytes.writeInt32BE(word);
    expect(() => readStartupPacket(bytes)).toThrow(MalformedError);
  }
  expect(() => readStartupPacket(Buffer.concat([Buffer.from("0000000904d2162f", "hex"), Buffer.from("x")]))).toThrow(
    MalformedError,
  );
});

test("random bodies end in MalformedError and in nothing else", () => {
  const readers = [
    readQuery,
    readParse,
    readBind,
    readExecute,
    readName,
    readFunctionCall,
    readRowDescription,
    readReport,
  ];
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.constantFrom(...readers), (bytes, read) => {
      const buffer = Buffer.concat([Buffer.alloc(5), Buffer.from(bytes)]);
      try {
        read(whole(buffer));
      } catch (error) {
        expect(error).toBeInstanceOf(MalformedError);
      }
    }),
  );
});

test("a report comes back as it was", () => {
  const report = encodeReport("error", [
    ["S", "ERROR"],
    ["C", "42501"],
    ["M", "no"],
  ]);
  expect([...readReport(whole(report))]).toEqual([
    ["S", "ERROR"],
    ["C", "42501"],
    ["M", "no"],
  ]);
});
