import { expect, it } from "vitest";
import { refuseHttp } from "./http.js";

function play(...chunks: string[]): { sent: string; over: boolean } {
  const refusal = refuseHttp('the gateway is "away"\r\nX: 1');
  let [sent, over] = ["", false];
  for (const chunk of chunks) {
    if (over) break;
    const answer = refusal.receive(Buffer.from(chunk, "latin1"));
    sent += answer.send?.toString() ?? "";
    over = answer.over;
  }
  return { sent, over };
}

it("says 503 in words that cannot be taken for headers, however the bytes are cut", () => {
  const text = "GET / HTTP/1.1\r\nHost: x.hoop\r\n\r\n";
  const whole = play(text);
  expect(whole).toEqual({ sent: expect.stringMatching(/^HTTP\/1\.1 503 /), over: true });
  const [head, body] = whole.sent.split("\r\n\r\n") as [string, string];
  expect(head).toContain(`Content-Length: ${Buffer.byteLength(body)}`);
  expect(head).not.toContain("X: 1");
  expect(JSON.parse(body)).toMatchObject({ status: 503, detail: expect.stringContaining("away") });
  expect(play(...text)).toEqual(whole);
});

it("ends what it cannot answer in words", () => {
  for (const text of ["\x16\x03\x01", "PRI * HTTP/2.0", "\x00"]) expect(play(text)).toEqual({ sent: "", over: true });
  expect(play("A".repeat(70_000))).toEqual({ sent: "", over: true });
});
