import type { GatewayPort, GatewayState } from "../tunnel/gateway-port.js";
import type { DesktopNotice } from "./desktop-notice.js";

const quietMs = 10 * 60_000;

/**
 * The same gateway, and a notice when it lets the tunnel in no more: renewing is silent, and asking is not. Once for each time that a
 * login ended, and never more often than in ten minutes.
 */
export function withLoginNotice(
  gateway: GatewayPort,
  show: (notice: DesktopNotice) => void,
  now: () => number = Date.now,
): GatewayPort {
  let lastAt = Number.NEGATIVE_INFINITY;
  let refused = false;
  const look = (state: GatewayState): void => {
    const was = refused;
    refused = state.kind === "refused";
    if (!refused || was || now() - lastAt < quietMs) return;
    lastAt = now();
    const host = URL.canParse(gateway.url) ? new URL(gateway.url).hostname : "the gateway";
    show({
      title: "Hoop: please sign in again",
      text: `${host}: ${state.why ?? "your login has ended"}. Run ${state.hint?.startsWith("hoop login") ? "hoop login" : "hoop tunnel status"}.`,
    });
  };
  return {
    url: gateway.url,
    get state() {
      return gateway.state;
    },
    start: (listener) =>
      gateway.start({
        offers: (list) => listener.offers(list),
        state(state) {
          look(state);
          listener.state(state);
        },
      }),
    open: (connection) => gateway.open(connection),
    reach: (waitMs) => gateway.reach(waitMs),
    close: () => gateway.close(),
  };
}
