import { tokenDetector } from "./token-detector.js";

export const stripeKey = tokenDetector({
  name: "stripe-key",
  finds:
    "Stripe secret and restricted keys (sk_live_…, rk_test_…) and secrets of webhooks (whsec_…). Publishable keys are none.",
  prefilters: ["[sr]k_(?:live|test)_|whsec_"],
  patterns: [/(?<![A-Za-z0-9_])(?:[sr]k_(?:live|test)_[A-Za-z0-9]{16,}|whsec_[A-Za-z0-9+/=]{24,})/g],
});
