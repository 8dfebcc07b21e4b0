import { type ErrorCode, HoopError } from "../../vocabulary/index.js";

/** The words of RFC 7644, section 3.12. */
export type ScimType =
  | "uniqueness"
  | "tooMany"
  | "invalidFilter"
  | "mutability"
  | "invalidSyntax"
  | "invalidPath"
  | "noTarget"
  | "invalidValue";

const codes: Partial<Record<ScimType, ErrorCode>> = { uniqueness: "conflict", tooMany: "too-large" };

/** An error with the word that the protocol has for it. */
export function refused(scimType: ScimType, text: string): HoopError {
  return new HoopError(codes[scimType] ?? "invalid", text, { cause: { scimType } });
}

export function scimTypeOf({ cause }: HoopError): ScimType | undefined {
  const { scimType } = (cause ?? {}) as { readonly scimType?: ScimType };
  return scimType;
}
