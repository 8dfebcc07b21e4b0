import type { DetectorName } from "../../vocabulary/index.js";
import { awsKey } from "./aws-key.js";
import { azureKey } from "./azure-key.js";
import { beNationalNumber } from "./be-national-number.js";
import { brCpf } from "./br-cpf.js";
import { caSin } from "./ca-sin.js";
import { card } from "./card.js";
import { chAhv } from "./ch-ahv.js";
import { cnResidentId } from "./cn-resident-id.js";
import { deTaxId } from "./de-tax-id.js";
import type { Detector } from "./detector.js";
import { email } from "./email.js";
import { esDni } from "./es-dni.js";
import { fiHetu } from "./fi-hetu.js";
import { frNir } from "./fr-nir.js";
import { gbNino } from "./gb-nino.js";
import { gcpKey } from "./gcp-key.js";
import { githubToken } from "./github-token.js";
import { gitlabToken } from "./gitlab-token.js";
import { iban } from "./iban.js";
import { inAadhaar } from "./in-aadhaar.js";
import { ipv4 } from "./ipv4.js";
import { ipv6 } from "./ipv6.js";
import { itCodiceFiscale } from "./it-codice-fiscale.js";
import { jwt } from "./jwt.js";
import { nlBsn } from "./nl-bsn.js";
import { phone } from "./phone.js";
import { plPesel } from "./pl-pesel.js";
import { privateKey } from "./private-key.js";
import { sePersonnummer } from "./se-personnummer.js";
import { secret } from "./secret.js";
import { sgNric } from "./sg-nric.js";
import { slackToken } from "./slack-token.js";
import { stripeKey } from "./stripe-key.js";
import { usSsn } from "./us-ssn.js";
import { vendorToken } from "./vendor-token.js";

/** Every detector, one line each. */
const all: readonly Detector[] = [
  email,
  card,
  iban,
  privateKey,
  jwt,
  awsKey,
  gcpKey,
  azureKey,
  githubToken,
  gitlabToken,
  slackToken,
  stripeKey,
  vendorToken,
  secret,
  usSsn,
  gbNino,
  frNir,
  deTaxId,
  esDni,
  nlBsn,
  inAadhaar,
  brCpf,
  itCodiceFiscale,
  plPesel,
  beNationalNumber,
  fiHetu,
  sePersonnummer,
  chAhv,
  caSin,
  cnResidentId,
  sgNric,
  phone,
  ipv4,
  ipv6,
];

export const detectors: ReadonlyMap<DetectorName, Detector> = new Map(all.map((one) => [one.name, one]));
