import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { errorCode } from "../constants.js";
import type { HeaderField } from "./header-field.js";
import { HpackDecoder } from "./hpack-decoder.js";
import { HpackEncoder } from "./hpack-encoder.js";
import { huffmanDecode, huffmanEncode, huffmanEncodedLength } from "./huffman.js";
import { readInteger, writeInteger } from "./integer.js";

const bytes = (hex: string) => Buffer.from(hex.replace(/\s/g, ""), "hex");
const decoderOf = (maxTableSize = 4096, maxListSize = 16_384) =>
  new HpackDecoder({ maxTableSize, maxListSize, maxFields: 64 });
const refusal = expect.objectContaining({ code: errorCode.compressionError });

describe("integers (RFC 7541, C.1)", () => {
  it.each([
    [5, 10, "0a"],
    [5, 1337, "1f9a0a"],
    [8, 42, "2a"],
  ])("with a prefix of %d bits, %d is %s", (bits, value, hex) => {
    const out = Buffer.alloc(8);
    expect(out.subarray(0, writeInteger(out, 0, 0, bits, value)).toString("hex")).toBe(hex);
    expect(readInteger({ block: bytes(hex), at: 0 }, bits)).toBe(value);
  });

  it("come back as they went", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 28 - 1 }), fc.integer({ min: 1, max: 8 }), (value, bits) => {
        const out = Buffer.alloc(8);
        const end = writeInteger(out, 0, 0, bits, value);
        const cursor = { block: out.subarray(0, end), at: 0 };
        expect(readInteger(cursor, bits)).toBe(value);
        expect(cursor.at).toBe(end);
      }),
    );
  });

  it.each([
    ["that overflow", "1fffffffffffffffff0f"],
    ["that are long for nothing", "1f8080808080808000"],
    ["that do not end", "1fff"],
  ])("%s are refused", (_what, hex) => {
    expect(() => readInteger({ block: bytes(hex), at: 0 }, 5)).toThrow(refusal);
  });
});

describe("Huffman's code", () => {
  const encoded = (text: Buffer) => {
    const out = Buffer.alloc(huffmanEncodedLength(text));
    expect(huffmanEncode(text, out, 0)).toBe(out.length);
    return out;
  };

  it("gives back any octets", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (octets) => {
        const text = Buffer.from(octets);
        expect(huffmanDecode(encoded(text)).equals(text)).toBe(true);
      }),
    );
  });

  it("has a word for each octet, and no word begins another", () => {
    for (let octet = 0; octet < 256; octet++) {
      expect([...huffmanDecode(encoded(Buffer.from([octet])))]).toEqual([octet]);
    }
  });

  it.each([
    ["the end of a string in it", "fffffffc"],
    ["padding of eight ones", "1fff"],
    ["padding of noughts", "18"],
    ["nothing but padding of an octet", "ff"],
  ])("refuses %s", (_what, hex) => {
    expect(() => huffmanDecode(bytes(hex))).toThrow(refusal);
  });
});

describe("literals and indexes (RFC 7541, C.2)", () => {
  it.each<[string, string, HeaderField[]]>([
    ["C.2.1", "400a637573746f6d2d6b65790d637573746f6d2d686561646572", [["custom-key", "custom-header"]]],
    ["C.2.2", "040c2f73616d706c652f70617468", [[":path", "/sample/path"]]],
    ["C.2.3", "100870617373776f726406736563726574", [["password", "secret"]]],
    ["C.2.4", "82", [[":method", "GET"]]],
  ])("%s", (_name, hex, fields) => {
    expect(decoderOf().decode(bytes(hex))).toEqual(fields);
  });
});

const requests: HeaderField[][] = [
  [
    [":method", "GET"],
    [":scheme", "http"],
    [":path", "/"],
    [":authority", "www.example.com"],
  ],
  [
    [":method", "GET"],
    [":scheme", "http"],
    [":path", "/"],
    [":authority", "www.example.com"],
    ["cache-control", "no-cache"],
  ],
  [
    [":method", "GET"],
    [":scheme", "https"],
    [":path", "/index.html"],
    [":authority", "www.example.com"],
    ["custom-key", "custom-value"],
  ],
];

const responses: HeaderField[][] = [
  [
    [":status", "302"],
    ["cache-control", "private"],
    ["date", "Mon, 21 Oct 2013 20:13:21 GMT"],
    ["location", "https://www.example.com"],
  ],
  [
    [":status", "307"],
    ["cache-control", "private"],
    ["date", "Mon, 21 Oct 2013 20:13:21 GMT"],
    ["location", "https://www.example.com"],
  ],
  [
    [":status", "200"],
    ["cache-control", "private"],
    ["date", "Mon, 21 Oct 2013 20:13:22 GMT"],
    ["location", "https://www.example.com"],
    ["content-encoding", "gzip"],
    ["set-cookie", "foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1"],
  ],
];

describe("the examples of RFC 7541", () => {
  it.each([
    [
      "C.3, requests",
      4096,
      requests,
      [
        "828684410f7777772e6578616d706c652e636f6d",
        "828684be58086e6f2d6361636865",
        "828785bf400a637573746f6d2d6b65790c637573746f6d2d76616c7565",
      ],
    ],
    [
      "C.4, requests in Huffman's code",
      4096,
      requests,
      [
        "828684418cf1e3c2e5f23a6ba0ab90f4ff",
        "828684be5886a8eb10649cbf",
        "828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf",
      ],
    ],
    [
      "C.5, responses, with fields that are evicted",
      256,
      responses,
      [
        "4803333032580770726976617465611d4d6f6e2c203231204f637420323031332032303a31333a323120474d546e1768747470733a2f2f7777772e6578616d706c652e636f6d",
        "4803333037c1c0bf",
        "88c1611d4d6f6e2c203231204f637420323031332032303a31333a323220474d54c05a04677a69707738666f6f3d4153444a4b48514b425a584f5157454f50495541585157454f49553b206d61782d6167653d333630303b2076657273696f6e3d31",
      ],
    ],
    [
      "C.6, responses in Huffman's code",
      256,
      responses,
      [
        "488264025885aec3771a4b6196d07abe941054d444a8200595040b8166e082a62d1bff6e919d29ad171863c78f0b97c8e9ae82ae43d3",
        "4883640effc1c0bf",
        "88c16196d07abe941054d444a8200595040b8166e084a62d1bffc05a839bd9ab77ad94e7821dd7f2e6c7b335dfdfcd5b3960d5af27087f3672c1ab270fb5291f9587316065c003ed4ee5b1063d5007",
      ],
    ],
  ] as const)("%s", (_name, tableSize, lists, blocks) => {
    const decoder = decoderOf(tableSize);
    for (const [at, block] of blocks.entries()) expect(decoder.decode(bytes(block))).toEqual(lists[at]);
  });
});

const field = fc.tuple(
  fc.constantFrom(
    ":path",
    "user-agent",
    "hoop-connection",
    "authorization",
    "grpc-message",
    "x-very-long-name-of-nobody",
  ),
  fc.string({ unit: fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCharCode(code)), maxLength: 60 }),
);

describe("the encoder", () => {
  it("is understood by the decoder, whatever the peer does to its table in between", () => {
    const step = fc.oneof(
      fc.record({ fields: fc.array(field, { maxLength: 12 }) }),
      fc.record({ limit: fc.integer({ min: 0, max: 9000 }) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const encoder = new HpackEncoder();
        const decoder = decoderOf();
        for (const one of steps) {
          if ("limit" in one) encoder.limit(one.limit);
          else expect(decoder.decode(encoder.encode(one.fields))).toEqual(one.fields);
        }
      }),
    );
  });

  it("says the second time in a few bytes what was said before, but never a secret", () => {
    const encoder = new HpackEncoder();
    const list: HeaderField[] = [
      [":path", "/hoop.v1.ClientService/Lane"],
      ["user-agent", "hoop-tunnel/1.0.0"],
    ];
    encoder.encode(list);
    expect(encoder.encode(list)).toHaveLength(2);
    const secret: HeaderField[] = [["authorization", "Bearer secret"]];
    const first = encoder.encode(secret);
    expect(encoder.encode(secret)).toEqual(first);
    // "Never indexed", with the name from the static table (23 = 15 + 8).
    expect([...first.subarray(0, 2)]).toEqual([0x1f, 8]);
  });
});

describe("the decoder", () => {
  it.each([
    ["index nought", "80"],
    ["an index beyond the table", "c0"],
    ["a name's index beyond the table", "7f80ffff01"],
    ["a table larger than was offered", "3fe21f"],
    ["a change of size behind a field", "8220"],
    ["three changes of size", "202020"],
    ["a string that is cut", "40056162"],
    ["a string of a gigabyte", "4000ffffffff03"],
    ["a block that ends in a field", "40"],
  ])("refuses %s", (_what, hex) => {
    expect(() => decoderOf().decode(bytes(hex))).toThrow(refusal);
  });

  it("reads a list that is too long to its end, since the table needs it", () => {
    const encoder = new HpackEncoder();
    const decoder = decoderOf(4096, 100);
    const list: HeaderField[] = [
      ["x-one", "1".repeat(50)],
      ["x-two", "2".repeat(50)],
    ];
    expect(decoder.decode(encoder.encode(list))).toBeNull();
    expect(decoder.decode(encoder.encode([["x-two", "2".repeat(50)]]))).toEqual([["x-two", "2".repeat(50)]]);
  });

  it("counts fields, too", () => {
    expect(decoderOf().decode(Buffer.alloc(64, 0x82))).toHaveLength(64);
    expect(decoderOf().decode(Buffer.alloc(65, 0x82))).toBeNull();
  });

  it("takes any bytes or refuses them in its own words", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 8 }), (blocks) => {
        const decoder = decoderOf();
        try {
          for (const block of blocks) decoder.decode(block);
        } catch (error) {
          expect(error).toEqual(refusal);
        }
      }),
    );
  });
});
