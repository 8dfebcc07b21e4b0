import { expect, it } from "vitest";
import { trialInit } from "../../../protocol/compliance/trial.js";
import { encodeAuthenticationOk, encodeReadyForQuery } from "../codec/backend.js";
import { encodeQuery } from "../codec/frontend.js";
import { encodeStartup } from "../codec/startup.js";
import { createPassage } from "./passage.js";

/** A session of Hoop's own client, logged in. */
function opened() {
  const session = createPassage(trialInit());
  session.receive("client", encodeStartup([["user", "hoop"]]), 0);
  session.opened(0);
  session.receive("target", Buffer.concat([encodeAuthenticationOk(), encodeReadyForQuery(0x49)]), 0);
  session.receive("client", encodeQuery("select 1"), 0);
  return session;
}

const emptyRow = Buffer.from([0x44, 0, 0, 0, 6, 0, 0]);

it("an answer of more rows, or more bytes, than can be kept is ended; each question counts anew", () => {
  const rows = Buffer.concat(Array.from({ length: 100_000 }, () => emptyRow));
  const session = opened();
  for (let n = 0; n < 20; n++) session.receive("target", rows, 0);
  session.receive("client", encodeQuery("select 2"), 0);
  for (let n = 0; n < 30; n++) session.receive("target", rows, 0);
  expect(() => session.receive("target", rows, 0)).toThrow(/more than can be kept/);

  const other = opened();
  const head = Buffer.from([0x44, 0x7f, 0xff, 0xff, 0xff]);
  const piece = Buffer.alloc(16 * 1024 * 1024);
  other.receive("target", head, 0);
  for (let n = 0; n < 15; n++) other.receive("target", piece, 0);
  expect(() => other.receive("target", piece, 0)).toThrow(/more than can be kept/);
});
