import { expect, test } from "vitest";
import type { GatewayListener, GatewayPort, GatewayState } from "../tunnel/gateway-port.js";
import { type DesktopNotice, noticeCommand } from "./desktop-notice.js";
import { withLoginNotice } from "./login-notice.js";

function watched() {
  const notices: DesktopNotice[] = [];
  const states: GatewayState["kind"][] = [];
  let listener: GatewayListener | null = null;
  let time = 0;
  const port: GatewayPort = {
    url: "https://hoop.example.com:7443",
    state: { kind: "connecting", since: new Date(0) },
    start: (given) => {
      listener = given;
    },
    open: () => Promise.reject(new Error("not here")),
    reach: async () => port.state,
    close: async () => {},
  };
  withLoginNotice(
    port,
    (notice) => notices.push(notice),
    () => time,
  ).start({
    offers: () => {},
    state: ({ kind }) => states.push(kind),
  });
  const become = (kind: GatewayState["kind"], why?: string) =>
    listener!.state({ kind, since: new Date(0), why, hint: "hoop login" });
  return { notices, states, become, pass: (ms: number) => (time += ms) };
}

test("asks once when the login has ended, with the gateway's word, and passes everything on", () => {
  const { notices, states, become } = watched();
  become("connecting");
  become("connected");
  expect(notices).toEqual([]);
  become("refused", "Okta lets you in no more");
  become("refused", "Okta lets you in no more");
  expect(notices).toEqual([
    { title: "Hoop: please sign in again", text: "hoop.example.com: Okta lets you in no more. Run hoop login." },
  ]);
  expect(states).toEqual(["connecting", "connected", "refused", "refused"]);
});

test("does not ask again for ten minutes, and does then", () => {
  const { notices, become, pass } = watched();
  for (let n = 0; n < 5; n++) {
    become("refused");
    become("connected");
    pass(60_000);
  }
  expect(notices).toHaveLength(1);
  pass(600_000);
  become("refused");
  expect(notices).toHaveLength(2);
});

test("hands the gateway's words over as words: no shell, no script reads them", () => {
  const notice = { title: "--hint=x", text: "$(touch /tmp/x)`id`'; Remove-Item\n\u001b[31m\u0000" };
  const clean = "$(touch /tmp/x)`id`'; Remove-Item  [31m ";
  const linux = noticeCommand(notice, { platform: "linux", env: {}, uid: 1000 })!;
  expect(linux.program).toBe("notify-send");
  expect(linux.args.slice(-3)).toEqual(["--", "--hint=x", clean]);
  expect(linux.env).toEqual({ DBUS_SESSION_BUS_ADDRESS: "unix:path=/run/user/1000/bus" });
  const mac = noticeCommand(notice, { platform: "darwin", env: {}, uid: 501 })!;
  expect(mac.args.slice(-2)).toEqual(["--hint=x", clean]);
  expect(mac.args.slice(0, -2).join("")).not.toContain("touch");
  const windows = noticeCommand(notice, { platform: "win32", env: {}, uid: null })!;
  expect(windows.args.join(" ")).not.toContain("touch");
  expect(windows.env.HOOP_NOTICE_TEXT).toBe(clean);
  expect(noticeCommand(notice, { platform: "linux", env: {}, uid: null })).toBeNull();
  expect(noticeCommand(notice, { platform: "aix", env: {}, uid: null })).toBeNull();
});
