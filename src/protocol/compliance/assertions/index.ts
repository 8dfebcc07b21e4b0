import type { Assertion } from "../dialect.js";
import { splits } from "./01-splits.js";
import { identity } from "./02-identity.js";
import { permits } from "./03-permits.js";
import { denial } from "./04-denial.js";
import { order } from "./05-order.js";
import { hold } from "./06-hold.js";
import { malformed } from "./07-malformed.js";
import { masks } from "./08-masks.js";
import { disconnect } from "./09-disconnect.js";
import { secrets } from "./10-secrets.js";

/** What every protocol promises. */
export const assertions: readonly Assertion[] = [
  splits,
  identity,
  permits,
  denial,
  order,
  hold,
  malformed,
  masks,
  disconnect,
  secrets,
];
