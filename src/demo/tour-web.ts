import { request } from "node:http";
import pc from "picocolors";
import { HoopError } from "../vocabulary/index.js";

/** How the tour reaches `web-demo`. */
export interface WebPlace {
  readonly address: string;
  readonly port: number;
  /** What a user types: `http://web-demo.hoop`, or address and port. */
  readonly url: string;
}

/** The same gate before a web API: masked where it answers, refused where the rules say no. */
export async function tourWeb(place: WebPlace, say: (text: string) => void): Promise<void> {
  say(pc.bold("\n3. A web API behind the same rules: nobody types its token"));
  say(`\n${pc.dim("$")} ${pc.bold(`curl ${place.url}/api/customers`)}`);
  const read = await ask(place, "GET", "/api/customers");
  say(read.body.trimEnd());
  if (read.status !== 200 || !read.body.includes("Grace Hopper") || read.body.includes("grace@navy.example.org"))
    throw new HoopError("internal", `the tour failed: the API should have answered masked, but it got:\n${read.body}`);
  say(`\n${pc.dim("$")} ${pc.bold(`curl -X DELETE ${place.url}/api/customers/1`)}`);
  const slip = await ask(place, "DELETE", "/api/customers/1");
  say(slip.body.trimEnd());
  if (slip.status !== 403)
    throw new HoopError("internal", `the tour failed: the DELETE should have been refused, but it got:\n${slip.body}`);
}

function ask({ address, port }: WebPlace, method: string, path: string): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const sent = request(
      { host: address, port, method, path, agent: false, headers: { host: "web-demo.hoop" }, timeout: 20_000 },
      (answer) => {
        let body = "";
        answer.setEncoding("utf8");
        answer.on("data", (part: string) => {
          body += part;
        });
        answer.once("end", () => resolve({ status: answer.statusCode ?? 0, body }));
      },
    );
    sent.once("timeout", () => sent.destroy(new Error("web-demo did not answer")));
    sent.once("error", (error) => reject(new HoopError("unavailable", error.message, { cause: error })));
    sent.end();
  });
}
