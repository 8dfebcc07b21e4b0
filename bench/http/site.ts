// The target of the measurements: `node site.js PORT`. Small answers at /, a gigabyte at /big, uploads are counted and dropped.
import { createServer } from "node:http";

const small = Buffer.alloc(1_024, "hoop ");
const piece = Buffer.alloc(256 * 1024, "hoop ");

createServer((request, response) => {
  if (request.method === "PUT") {
    let bytes = 0;
    request.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
    });
    request.on("end", () => response.end(String(bytes)));
    return;
  }
  const wanted = Number(new URL(request.url ?? "/", "http://site").searchParams.get("bytes") ?? 0);
  if (wanted === 0) {
    response.writeHead(200, { "content-type": "text/plain", "content-length": small.length });
    response.end(small);
    return;
  }
  response.writeHead(200, { "content-type": "application/octet-stream", "content-length": wanted });
  let left = wanted;
  const more = () => {
    while (left > 0) {
      const step = Math.min(left, piece.length);
      left -= step;
      if (!response.write(step === piece.length ? piece : piece.subarray(0, step)) && left > 0)
        return void response.once("drain", more);
    }
    response.end();
  };
  more();
}).listen(Number(process.argv[2]), "127.0.0.1");
