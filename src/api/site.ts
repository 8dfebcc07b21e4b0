import type { FastifyRequest } from "fastify";
import type { Site } from "../identity/index.js";
import { HoopError } from "../vocabulary/index.js";

/**
 * Where passkeys belong: HOOP_PUBLIC_URL, or `localhost` for trying it out. Never what a request says of itself: whoever stands between could say another name.
 * Throws HoopError `precondition-failed`: browsers know no passkeys for an address without a name.
 */
export function siteOf(request: FastifyRequest, publicUrl: string | null): Site {
  const url = publicUrl === null ? localUrl(request) : new URL(publicUrl);
  if (url === null || !isName(url.hostname))
    throw new HoopError("precondition-failed", "passkeys need a host name, and this gateway has none to tell them", {
      hint: "set HOOP_PUBLIC_URL=https://hoop.example.com, or open the console as http://localhost:PORT",
    });
  return { origin: url.origin, rpId: url.hostname };
}

function localUrl(request: FastifyRequest): URL | null {
  const text = `${request.protocol}://${request.host}`;
  if (!URL.canParse(text)) return null;
  const url = new URL(text);
  return url.hostname === "localhost" ? url : null;
}

function isName(host: string): boolean {
  return /^[a-z0-9.-]*[a-z][a-z0-9.-]*$/.test(host) && !/^\d+(\.\d+){3}$/.test(host);
}
