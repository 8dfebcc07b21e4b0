import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { NativeCredential } from "../../../secrets/native/index.js";
import { createMemoryPipes, createStrangers, pipeDuplex } from "../../../transport/index.js";
import type { Pipe } from "../../../transport/pipe.js";
import { deadline, HoopError } from "../../../vocabulary/index.js";
import { MalformedError } from "../../../wire/index.js";
import type { NativeTls } from "../native-tls.js";
import { greet } from "./greet.js";
import { type FoundLogin, logIn } from "./log-in.js";
import { encodeFatal } from "./messages.js";

export interface PostgresListenerOptions {
  readonly listen: { readonly host: string; readonly port: number };
  /** Null: in clear, on loopback only. */
  readonly tls: NativeTls | null;
  /** False: a client that asks for no encryption is told to. */
  readonly allowsPlaintext: boolean;
  /** What is known of that user, as the client says it from there. Never tells whether there is one. */
  readonly find: (user: string, from: string) => Promise<FoundLogin>;
  /** Throws HoopError `limited`: too much failed from there. Each login that is let in is one more that may fail. */
  readonly enter: (from: string) => void;
  readonly failed: (from: string, user: string) => void;
  readonly succeeded: (from: string, credential: NativeCredential) => void;
  readonly admit: (lane: { client: Pipe; token: string; connection: string; from: string }) => void;
  readonly cancel: (key: string, from: string) => void;
  readonly loginMs: number;
  /** Clients whose login is not finished; for one more an old one goes, of the network that has most of them. */
  readonly mostEntering: number;
  readonly log: { debug(fields: object, text: string): void; warn(fields: object, text: string): void };
}

export interface NativeListener {
  readonly host: string;
  readonly port: number;
  close(): Promise<void>;
}

/** Clients of PostgreSQL that come without a tunnel. Behind its login each takes the way of any lane. */
export async function listenPostgres(options: PostgresListenerOptions): Promise<NativeListener> {
  const sockets = new Set<Socket>();
  const entering = createStrangers(options.mostEntering);

  async function serve(socket: Socket, from: string, signal: AbortSignal): Promise<void> {
    const greeted = await greet(socket, options.tls, signal);
    if (greeted.kind === "cancel") {
      options.cancel(greeted.key, from);
      socket.end();
      return;
    }
    const { stream } = greeted;
    if (greeted.kind === "unsupported") {
      stream.end(encodeFatal("0A000", `unsupported frontend protocol ${greeted.version}`));
      return;
    }
    if (!greeted.encrypted && !options.allowsPlaintext) {
      stream.end(
        encodeFatal("28000", "hoop: connections without encryption are not accepted here", "sslmode=verify-full"),
      );
      return;
    }
    try {
      options.enter(from);
    } catch (error) {
      if (!(error instanceof HoopError)) throw error;
      stream.end(encodeFatal("53300", `hoop: ${error.message}`, error.hint));
      return;
    }
    const { user, startup, binding } = greeted;
    const found = await options.find(user, from).catch((error: unknown) => {
      options.log.warn({ err: error }, "a native login could not be looked up");
      return null;
    });
    if (found === null) {
      stream.end(encodeFatal("57P03", "hoop: logins cannot be checked now", "try again in a moment"));
      return;
    }
    const credential = await logIn(stream, user, found, binding, signal);
    if (credential === null) return options.failed(from, user);
    options.succeeded(from, credential);
    join(stream, startup, credential, from);
  }

  function join(stream: Duplex, startup: Buffer, credential: NativeCredential, from: string): void {
    const [near, far] = createMemoryPipes(`native client of ${credential.connection.name}`);
    options.admit({ client: far, token: credential.id, connection: credential.connection.name, from });
    const lane = pipeDuplex(near);
    lane.write(startup);
    let answered = false;
    lane.once("data", () => {
      answered = true;
    });
    lane.on("error", (error) => {
      if (answered || stream.destroyed) stream.destroy();
      else stream.end(encodeFatal("08004", `hoop: ${error.message}`));
    });
    stream.on("error", () => lane.destroy());
    stream.on("close", () => lane.destroy());
    lane.on("close", () => stream.end());
    stream.pipe(lane);
    lane.pipe(stream);
  }

  const server = createServer({ allowHalfOpen: true, noDelay: true, keepAlive: true }, (socket) => {
    const from = socket.remoteAddress ?? "";
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
    const id = `${from} ${socket.remotePort}`;
    entering.came(id, from, () => socket.destroy());
    const signal = deadline(options.loginMs);
    serve(socket, from, signal)
      .catch((error: unknown) => {
        if (!(error instanceof MalformedError) && !(error instanceof HoopError))
          options.log.warn({ err: error }, "a native login failed inside Hoop");
        else options.log.debug({ err: error, from }, "a native client left, or does not speak PostgreSQL's protocol");
        socket.destroy();
      })
      .finally(() => entering.left(id));
  });
  server.listen(options.listen.port, options.listen.host);
  await once(server, "listening");
  const { address, port } = server.address() as AddressInfo;
  return {
    host: address,
    port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}
