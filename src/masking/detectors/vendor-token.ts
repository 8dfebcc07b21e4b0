import { tokenDetector } from "./token-detector.js";

/** Others with a beginning of their own. One line each: what it begins with and what follows. */
const forms: readonly string[] = [
  "sk-ant-[A-Za-z0-9_-]{20,}",
  "sk-(?:proj-|svcacct-|admin-)[A-Za-z0-9_-]{20,}",
  "sk-[A-Za-z0-9]{32,}",
  "npm_[A-Za-z0-9]{36}",
  "pypi-[A-Za-z0-9_-]{50,}",
  "hf_[A-Za-z0-9]{30,}",
  "SG\\.[A-Za-z0-9_-]{16,}\\.[A-Za-z0-9_-]{16,}",
  "do[opr]_v1_[a-f0-9]{64}",
  "dp\\.(?:pt|st|ct|sa)\\.[A-Za-z0-9.]{40,}",
  "shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}",
  "(?:hvs|hvb)\\.[A-Za-z0-9_-]{24,}",
  "AGE-SECRET-KEY-1[A-Z0-9]{58}",
  "lin_api_[A-Za-z0-9]{40}",
  "dapi[a-f0-9]{32}",
  "NRAK-[A-Z0-9]{27}",
  "glsa_[A-Za-z0-9]{32}_[a-f0-9]{8}",
  "sq0(?:atp|csp)-[A-Za-z0-9_-]{22,}",
];

/** Tokens of other vendors that say whose they are. */
export const vendorToken = tokenDetector({
  name: "vendor-token",
  finds:
    "Tokens of other vendors by their beginnings: Anthropic, OpenAI, npm, PyPI, Hugging Face, SendGrid, DigitalOcean, Doppler, Shopify, Vault, age, Linear, Databricks, New Relic, Grafana, Square.",
  prefilters: [
    "sk-[A-Za-z0-9]|npm_|pypi-|hf_[A-Za-z0-9]|SG\\.|do[opr]_v1_|dp\\.[pcs]|shp(?:at|ca|pa|ss)_|hv[sb]\\.|AGE-SECRET|lin_api_|dapi[a-f0-9]|NRAK-|glsa_|sq0",
  ],
  patterns: [new RegExp(`(?<![A-Za-z0-9_-])(?:${forms.join("|")})`, "g")],
});
