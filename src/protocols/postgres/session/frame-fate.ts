import { MalformedError } from "../../../wire/index.js";
import type { FrameFate } from "../codec/frames.js";
import { backend, typeName } from "../codec/types.js";
import { isTrailer } from "./copies.js";
import type { Pending } from "./pending.js";
import type { ReplyStop } from "./reply-stop.js";
import type { TargetText } from "./target-text.js";

/** With the ids of as many parameters as a statement can have. */
const maxParameterDescription = 7 + 4 * 65_535;

/** What becomes of a message of the target that answers `head`, by its header alone; what passes is counted. */
export function frameFate(
  type: number,
  length: number,
  head: Pending | undefined,
  stop: ReplyStop,
  text: TargetText,
): FrameFate {
  switch (type) {
    case backend.dataRow: {
      if (head?.runs !== true) throw unexpected(type);
      if (head.own) return "take";
      const masker = head.portal === null ? head.masker : head.portal.masker;
      if (masker === undefined) throw new MalformedError("a row came before its columns were told");
      if (head.meter !== null) return meteredRow(head, masker, length, stop);
      head.rows++;
      head.bytes += length;
      return masker === null ? "stream" : "take";
    }
    case backend.copyData:
      if (head?.copying !== true) throw unexpected(type);
      if (head.meter === null || isTrailer(head, length)) head.bytes += length;
      else if (!stop.passes(head, length)) return "skip";
      if (head.copyMasker === null) {
        head.rows++;
        return "stream";
      }
      return "take";
    case backend.copyDone:
      if (head?.copying !== true) throw unexpected(type);
      head.copying = false;
      return head.copyMasker === null ? "stream" : "take";
    case backend.parameterDescription:
      if (head?.kind !== "describe" || length > maxParameterDescription) throw unexpected(type);
      if (head.own) return "take";
      return head.describes === null ? "stream" : "peek";
    case backend.functionCallResponse:
      if (head?.kind !== "function") throw unexpected(type);
      if (head.meter !== null && !stop.passes(head, length)) return "skip";
      return head.masks === null ? "stream" : "take";
    case backend.noticeResponse:
      if (head?.own && head.work !== null) return "skip";
      return text.rewritesNotice(head) ? "take" : "stream";
    case backend.notificationResponse:
      return text.rewrites(head) ? "take" : "stream";
    case backend.errorResponse:
    case backend.readyForQuery:
      return "take";
    case backend.parameterStatus:
      return text.rewrites(head) ? "take" : "peek";
    case backend.rowDescription:
      if (head?.kind !== "query" && head?.kind !== "describe") throw unexpected(type);
      return head.own ? "take" : "peek";
    case backend.parseComplete:
    case backend.bindComplete:
    case backend.closeComplete:
    case backend.noData:
    case backend.commandComplete:
    case backend.emptyQueryResponse:
    case backend.portalSuspended:
      if (head === undefined) throw unexpected(type);
      head.bytes += length;
      return head.own ? "take" : "peek";
    case backend.copyInResponse:
    case backend.copyOutResponse:
    case backend.copyBothResponse:
      // What we ask ourselves copies nothing.
      if (head?.runs !== true || head.own) throw unexpected(type);
      head.bytes += length;
      return "peek";
    default:
      throw unexpected(type);
  }
}

function meteredRow(head: Pending, masker: Pending["masker"], length: number, stop: ReplyStop): FrameFate {
  const reader = head.portal === null ? head.reader : head.portal.reader;
  if (reader === undefined) throw new MalformedError("a row came before its columns were told");
  // Counted when all of it is here, with the values that it shows.
  if (reader !== null) return "take";
  if (!stop.passes(head, length)) return "skip";
  head.rows++;
  return masker === null ? "stream" : "take";
}

/** The target sent what nobody asked for: it breaks the protocol. */
export function unexpected(type: number): MalformedError {
  return new MalformedError(`the target sent ${typeName(type)} where nobody asked for it`);
}
