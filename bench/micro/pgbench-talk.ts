import {
  encodeBind,
  encodeDescribe,
  encodeExecute,
  encodeParse,
  encodeQuery,
  encodeSync,
} from "../../src/protocols/postgres/codec/frontend.js";
import { MessageWriter } from "../../src/protocols/postgres/codec/writer.js";

const letter = (text: string) => text.charCodeAt(0);
const message = (type: string) => new MessageWriter().begin(letter(type));
const ready = message("Z").uint8(letter("I")).end().take();
const select = "SELECT abalance FROM pgbench_accounts WHERE aid = ";

/** What `pgbench -S` sends, as libpq puts it on the wire. */
export const pgbenchClient = {
  startup: new MessageWriter()
    .begin(null)
    .int32(3 << 16)
    .cstring("user")
    .cstring("bench")
    .cstring("database")
    .cstring("bench")
    .cstring("")
    .end()
    .take(),
  prepare: Buffer.concat([encodeParse("P0_1", `${select}$1;`), encodeSync()]),
  prepared: (n: number) =>
    Buffer.concat([
      encodeBind("", "P0_1", [Buffer.from(String(n))]),
      encodeDescribe("portal", ""),
      encodeExecute(""),
      encodeSync(),
    ]),
  simple: (n: number) => encodeQuery(`${select}${n};`),
};

const columns = message("T")
  .int16(1)
  .cstring("abalance")
  .uint32(16_400)
  .int16(3)
  .uint32(23)
  .int16(4)
  .int32(-1)
  .int16(0)
  .end()
  .take();
const row = message("D").int16(1).value(Buffer.from("-4321")).end().take();
const selected = message("C").cstring("SELECT 1").end().take();

/** What the server answers. */
export const pgbenchServer = {
  login: Buffer.concat([
    message("R").int32(0).end().take(),
    message("S").cstring("client_encoding").cstring("UTF8").end().take(),
    message("S").cstring("standard_conforming_strings").cstring("on").end().take(),
    message("S").cstring("server_version").cstring("15.14").end().take(),
    message("K").uint32(4711).uint32(815).end().take(),
    ready,
  ]),
  prepare: Buffer.concat([message("1").end().take(), ready]),
  prepared: Buffer.concat([message("2").end().take(), columns, row, selected, ready]),
  simple: Buffer.concat([columns, row, selected, ready]),
};

/** Whether an answer is over. */
export function endsTurn(bytes: Uint8Array): boolean {
  const at = bytes.length - ready.length;
  return at >= 0 && bytes[at] === letter("Z") && bytes[at + 4] === 5;
}
