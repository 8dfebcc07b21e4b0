import { spawn } from "node:child_process";
import { existsSync } from "node:fs";

/** What is shown on somebody's desktop. */
export interface DesktopNotice {
  readonly title: string;
  readonly text: string;
}

/** A program to start, with words of its own: nothing goes through a shell. */
export interface NoticeCommand {
  readonly program: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

const longest = 300;
const waitMs = 10_000;

/** The program that shows it here; null: there is none known. `uid`: whose desktop, where it is not one's own. */
export function noticeCommand(
  { title, text }: DesktopNotice,
  at: { readonly platform: NodeJS.Platform; readonly env: NodeJS.ProcessEnv; readonly uid: number | null },
): NoticeCommand | null {
  const clean = (words: string) => words.replaceAll(/[\p{C}]/gu, " ").slice(0, longest);
  const [head, body] = [clean(title), clean(text)];
  if (at.platform === "linux") {
    const bus = at.uid === null ? undefined : `/run/user/${at.uid}/bus`;
    const address = at.env.DBUS_SESSION_BUS_ADDRESS ?? (bus === undefined ? undefined : `unix:path=${bus}`);
    if (address === undefined) return null;
    return {
      program: "notify-send",
      args: ["--app-name=Hoop", "--urgency=critical", "--", head, body],
      env: { DBUS_SESSION_BUS_ADDRESS: address },
    };
  }
  if (at.platform === "darwin")
    return {
      program: "osascript",
      // The words are arguments, never part of the script.
      args: [
        "-e",
        "on run argv",
        "-e",
        "display notification (item 2 of argv) with title (item 1 of argv)",
        "-e",
        "end run",
        head,
        body,
      ],
      env: {},
    };
  if (at.platform === "win32")
    return {
      program: "powershell.exe",
      args: ["-NoProfile", "-NonInteractive", "-WindowStyle", "Hidden", "-Command", toast],
      // In the environment, where nothing reads them as code.
      env: { HOOP_NOTICE_TITLE: head, HOOP_NOTICE_TEXT: body },
    };
  return null;
}

const toast = [
  "[void][Windows.UI.Notifications.ToastNotificationManager,Windows.UI.Notifications,ContentType=WindowsRuntime]",
  "$xml=[Windows.UI.Notifications.ToastNotificationManager]::GetTemplateContent(1)",
  "$lines=$xml.GetElementsByTagName('text')",
  "[void]$lines.Item(0).AppendChild($xml.CreateTextNode($env:HOOP_NOTICE_TITLE))",
  "[void]$lines.Item(1).AppendChild($xml.CreateTextNode($env:HOOP_NOTICE_TEXT))",
  "$toast=[Windows.UI.Notifications.ToastNotification]::new($xml)",
  "[Windows.UI.Notifications.ToastNotificationManager]::CreateToastNotifier('Hoop').Show($toast)",
].join(";");

/** Shows it, if this machine can. Never throws and is never waited for: the status says the same. */
export function showDesktopNotice(notice: DesktopNotice, owner: number | null): void {
  const self = process.geteuid?.() ?? null;
  const command = noticeCommand(notice, { platform: process.platform, env: process.env, uid: owner ?? self });
  if (command === null) return;
  // A service's desktop is somebody else's: it is spoken to as them.
  const as = self === 0 && owner !== null && owner !== 0 && existsSync(`/run/user/${owner}`) ? { uid: owner } : {};
  try {
    const child = spawn(command.program, [...command.args], {
      env: { ...process.env, ...command.env },
      stdio: "ignore",
      windowsHide: true,
      timeout: waitMs,
      ...as,
    });
    child.on("error", () => {});
    child.unref();
  } catch {
    // No such program, or not allowed: nothing depends on it.
  }
}
