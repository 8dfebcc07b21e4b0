import { HoopError } from "../../vocabulary/index.js";

/** What of an identity provider's metadata a set-up needs. */
export interface SamlMetadata {
  readonly entityId: string;
  readonly signInUrl: string;
  readonly certificates: readonly string[];
}

interface Node {
  readonly $?: Readonly<Record<string, string>>;
  readonly [child: string]: unknown;
}

const redirect = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect";
const longest = 512 * 1024;

/** Reads the metadata that an admin brings. Its own signature is not looked at: whoever brings it is trusted with it. */
export async function readSamlMetadata(xml: string): Promise<SamlMetadata> {
  const wrong = (why: string, cause?: unknown): HoopError =>
    new HoopError("invalid", `this is not the metadata of an identity provider: ${why}`, { cause });
  if (xml.length > longest) throw wrong("it is too long");
  if (/<!(?:DOCTYPE|ENTITY)/i.test(xml)) throw wrong("it brings a document type of its own");
  const { parseXml2JsFromString } = await import("@node-saml/node-saml/lib/xml.js");
  const document = (await parseXml2JsFromString(xml).catch((cause: unknown) => {
    throw wrong("it is not XML", cause);
  })) as { readonly EntityDescriptor?: Node } | null;
  const entity = document?.EntityDescriptor;
  const role = children(entity, "IDPSSODescriptor")[0];
  if (entity?.$?.entityID === undefined || role === undefined) throw wrong("it names no identity provider");
  const service = children(role, "SingleSignOnService").find((one) => one.$?.Binding === redirect);
  if (service?.$?.Location === undefined) throw wrong("it takes no requests by redirect");
  const certificates = children(role, "KeyDescriptor")
    .filter((key) => key.$?.use === undefined || key.$.use === "signing")
    .flatMap((key) => children(key, "KeyInfo"))
    .flatMap((info) => children(info, "X509Data"))
    .flatMap((data) => (Array.isArray(data.X509Certificate) ? (data.X509Certificate as unknown[]) : []))
    .map((one) => pemFrom(typeof one === "string" ? one : String((one as { _?: string })._ ?? "")));
  if (certificates.length === 0) throw wrong("it has no certificate for signatures");
  return { entityId: entity.$.entityID, signInUrl: service.$.Location, certificates };
}

function children(node: Node | undefined, name: string): readonly Node[] {
  const found = node?.[name];
  return Array.isArray(found) ? (found as Node[]) : found === undefined ? [] : [found as Node];
}

function pemFrom(base64: string): string {
  const clean = base64.replaceAll(/\s/g, "");
  return `-----BEGIN CERTIFICATE-----\n${clean.replaceAll(/(.{64})/g, "$1\n").trimEnd()}\n-----END CERTIFICATE-----\n`;
}
