import { Parser } from "pg-protocol/dist/parser.js";
import { readAuthentication, readReport, readRowDescription } from "../../src/protocols/postgres/codec/backend.js";
import {
  readBind,
  readExecute,
  readFunctionCall,
  readName,
  readParse,
  readQuery,
} from "../../src/protocols/postgres/codec/frontend.js";
import { readStartupPacket } from "../../src/protocols/postgres/codec/startup.js";
import { ClippedReader, MalformedError } from "../../src/wire/index.js";
import { Finding, type FuzzTarget, kindOf } from "../target.js";
import { framesOf, recorded } from "./postgres-recorded.js";

type Read = (reader: ClippedReader) => unknown;

const readers: Readonly<Record<string, Read>> = {
  Q: readQuery,
  P: readParse,
  B: readBind,
  E: readExecute,
  D: readName,
  F: readFunctionCall,
};
const backendReaders: Readonly<Record<string, Read>> = {
  T: readRowDescription,
  E: readReport,
  N: readReport,
  R: readAuthentication,
};

/** The bodies of messages of both sides: read or refused. What node-postgres reads of a description or report, we read the same. */
export const postgresMessages: FuzzTarget = {
  name: "postgres-messages",
  seeds: () => [
    ...["client", "target"].flatMap((side) => recorded(side as "client").flatMap((bytes) => framesOf(bytes))),
  ],
  run(input, random) {
    if (random(8) === 0) return startup(input);
    if (input.length < 5) return "short";
    const type = String.fromCharCode(input[0]!);
    const fromTarget = random(2) === 0;
    const read = (fromTarget ? backendReaders : readers)[type];
    if (!read) return "no reader";
    let value: unknown;
    try {
      value = read(new ClippedReader(input, 5));
    } catch (error) {
      if (!(error instanceof MalformedError)) throw error;
      return `${type} ${kindOf(error)}`;
    }
    if (fromTarget) compare(type, input, value);
    return `${type} read`;
  },
};

function startup(input: Buffer): string {
  try {
    const found = readStartupPacket(input);
    if (found && found.length > input.length) throw new Finding("a startup packet longer than what came");
    return found ? `startup ${found.packet.kind}` : "startup incomplete";
  } catch (error) {
    if (!(error instanceof MalformedError)) throw error;
    return `startup ${kindOf(error)}`;
  }
}

/** By node-postgres' own parser. */
function compare(type: string, input: Buffer, value: unknown): void {
  if (type !== "T") return;
  const frame = Buffer.from(input);
  frame.writeUInt32BE(frame.length - 1, 1);
  const theirs: { fields?: { name: string; tableID: number; columnID: number; dataTypeID: number }[] }[] = [];
  try {
    new Parser().parse(frame, (message) => theirs.push(message as never));
  } catch {
    return;
  }
  const ours = value as { name: string; tableId: number; columnNumber: number; typeId: number }[];
  const a = JSON.stringify(
    ours.map(({ name, tableId, columnNumber, typeId }) => [name, tableId, columnNumber, typeId]),
  );
  const b = JSON.stringify(
    theirs[0]?.fields?.map((field) => [field.name, field.tableID, field.columnID, field.dataTypeID]),
  );
  if (a !== b) throw new Finding(`we read ${a}, node-postgres ${b}`);
}
