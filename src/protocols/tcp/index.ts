import { z } from "zod";
import type { Protocol } from "../../protocol/index.js";
import { serve } from "./serve.js";

/** Any other protocol: judged when it connects and counted in bytes; nothing in it is read, masked or held. */
export const tcp: Protocol = {
  name: "tcp",
  title: "TCP",
  // None is usual: a connection must say its port, and the tunnel listens on the same one.
  defaultPort: 0,
  targetSchema: z.strictObject({}),
  attributes: {},
  can: new Set(),
  userless: true,
  language: "",
  example: ({ name }, { host, port }) => `nc ${host === "" ? `${name}.hoop` : host} ${port}`,
  serve,
};
