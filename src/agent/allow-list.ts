import { lookup } from "node:dns/promises";
import { type Address, kindOf, parseAddress } from "../transport/addresses.js";
import { HoopError } from "../vocabulary/index.js";
import { type AllowRule, isName, parseAllowRule } from "./allow-rule.js";

/** Why a dial is not done. */
export class DialError extends HoopError {
  readonly failure: "not-allowed" | "not-resolved" | "refused" | "timeout" | "limit";

  constructor(failure: DialError["failure"], message: string, options?: { cause?: unknown }) {
    super(failure === "not-allowed" ? "denied" : failure === "timeout" ? "timeout" : "unavailable", message, options);
    this.failure = failure;
  }
}

/** Turns a name into addresses. */
export type Resolve = (name: string) => Promise<readonly string[]>;

export interface AllowList {
  /** The rules in words. */
  readonly rules: readonly string[];
  /**
   * The literal addresses that may be dialled for this host and port, in the resolver's order. A name is resolved once, here;
   * each address is judged by itself and what is answered is dialled as it is. Throws DialError.
   */
  addressesFor(host: string, port: number): Promise<readonly string[]>;
}

const maxAddresses = 16;

/** What an agent may dial: what its rules name, nothing else; without rules nothing. Throws HoopError `invalid`. */
export function createAllowList(texts: readonly string[], resolve: Resolve = systemResolve): AllowList {
  const rules = texts.map(parseAllowRule);
  return {
    rules: rules.map((rule) => rule.text),
    async addressesFor(host, port) {
      const here = rules.filter((rule) => rule.allowsPort(port));
      const no = (why: string) => new DialError("not-allowed", why);
      if (here.length === 0) throw no(`no rule of this agent names port ${port}`);
      const bare = host.startsWith("[") && host.endsWith("]") ? host.slice(1, -1) : host;
      const literal = parseAddress(bare);
      if (literal !== null) {
        if (here.some((rule) => rule.allowsAddress(literal))) return [dialled(literal)];
        throw no("no rule of this agent names that address and port");
      }
      const name = bare.toLowerCase().replace(/\.$/, "");
      if (!isName(name)) throw no("this is neither a name nor an address");
      const byName = here.some((rule) => rule.allowsName(name));
      const networks = here.some((rule) => rule.byAddress);
      // No question is asked about a name that could not be dialled whatever the answer: a query is a message outwards.
      if (!byName && !networks) throw no("no rule of this agent names that host and port");
      const good = (await addressesOf(name, resolve)).filter((address) => allows(here, byName, name, address));
      if (good.length > 0) return good.map(dialled);
      throw no(
        byName
          ? "that name leads to addresses that this agent never dials"
          : "no rule of this agent names that host and port",
      );
    },
  };
}

function allows(rules: readonly AllowRule[], byName: boolean, name: string, address: Address): boolean {
  // A rule about a name is no rule about what somebody else's DNS says the name is: special places stay closed.
  if (byName && name !== "localhost" && kindOf(address) === "ordinary") return true;
  return rules.some((rule) => rule.allowsAddress(address));
}

async function addressesOf(name: string, resolve: Resolve): Promise<Address[]> {
  // What localhost is, is not a question for a resolver.
  const texts = name === "localhost" ? ["127.0.0.1", "::1"] : await ask(name, resolve);
  return texts.slice(0, maxAddresses).flatMap((text) => parseAddress(text) ?? []);
}

async function ask(name: string, resolve: Resolve): Promise<readonly string[]> {
  try {
    return await resolve(name);
  } catch (cause) {
    throw new DialError("not-resolved", "the name does not resolve", { cause });
  }
}

async function systemResolve(name: string): Promise<readonly string[]> {
  return (await lookup(name, { all: true, verbatim: true })).map(({ address }) => address);
}

function dialled({ text }: Address): string {
  return text;
}
