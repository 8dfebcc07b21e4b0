import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import type { Transcript, TranscriptEvent } from "../../src/protocol/compliance/transcript.js";
import type { Side } from "../../src/protocol/session.js";

/** A relay that writes down what passes, one transcript for each connection. */
export interface TranscriptRecorder {
  readonly port: number;
  /** In order of connection, each complete up to now. */
  transcripts(): readonly (readonly TranscriptEvent[])[];
  stop(): Promise<void>;
}

export interface RecordOptions {
  readonly target: { readonly host: string; readonly port: number };
  /** Told each chunk of a connection in order; true once, with the chunk that ends the login. */
  readonly readyAfter: () => (from: Side, chunk: Buffer) => boolean;
}

/** Sits between a real client and a real server. Chunks are written down as the sockets delivered them. */
export async function recordTranscripts(options: RecordOptions): Promise<TranscriptRecorder> {
  const recorded: TranscriptEvent[][] = [];
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true, allowHalfOpen: true }, (client) => {
    const events: TranscriptEvent[] = [];
    recorded.push(events);
    const isReady = options.readyAfter();
    const target = connect({ ...options.target, noDelay: true, allowHalfOpen: true });
    const wire = (from: Side, source: Socket, sink: Socket) => {
      sockets.add(source);
      source.on("data", (chunk) => {
        events.push({ kind: "bytes", from, bytes: chunk });
        if (isReady(from, chunk)) events.push({ kind: "ready" });
        sink.write(chunk);
      });
      source.on("end", () => {
        events.push({ kind: "closed", from });
        sink.end();
      });
      source.on("error", () => sink.destroy());
      source.on("close", () => sockets.delete(source));
    };
    wire("client", client, target);
    wire("target", target, client);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    transcripts: () => recorded,
    async stop() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Names one recorded connection. */
export function transcriptOf(name: string, about: string, events: readonly TranscriptEvent[]): Transcript {
  return { name, about, events };
}
