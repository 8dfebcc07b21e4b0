import type { Server } from "node:http";
import type { Socket } from "node:net";
import { createStrangers } from "../transport/index.js";

/** Connections of one HTTP listener at a time, and those among them on which nothing is being answered. */
const mostConnections = 10_000;
const mostIdle = 1_000;

/**
 * Bounds the connections of an HTTP listener. Opening one and saying nothing, or half of a request, costs its opener nothing and
 * the gateway a file: without a bound they take every file that the process may have, and with it the journal's. Past the
 * bound the oldest idle connection of the network that has most of them goes for a new one. Answers how to say that a
 * connection is in use for as long as it lasts.
 */
export function boundIdle(server: Server, { most = mostConnections, idle = mostIdle } = {}): (socket: Socket) => void {
  const strangers = createStrangers(idle);
  server.maxConnections = most;
  const idOf = ({ remoteAddress, remotePort }: Socket): string => `${remoteAddress} ${remotePort}`;
  const unused = (socket: Socket): void => {
    if (socket.destroyed || socket.remoteAddress === undefined) return;
    strangers.came(idOf(socket), socket.remoteAddress, () => socket.destroy());
  };
  const used = (socket: Socket): void => strangers.left(idOf(socket));
  server.on("connection", (socket) => {
    const id = idOf(socket);
    unused(socket);
    socket.once("close", () => strangers.left(id));
  });
  server.on("request", (request, response) => {
    const { socket } = request;
    const { "content-length": length, "transfer-encoding": coding } = request.headers;
    // Not before the whole of it is here: half a body is as cheap as half a header.
    if (coding === undefined && (length === undefined || length === "0")) used(socket);
    else request.once("end", () => used(socket));
    response.once("close", () => unused(socket));
  });
  return used;
}
