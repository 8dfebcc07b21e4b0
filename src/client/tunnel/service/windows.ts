import { HoopError } from "../../../vocabulary/index.js";
import { type ServiceOptions, type ServicePlan, serviceArguments } from "./service.js";

const task = "Hoop tunnel";

/**
 * A task of the scheduler that starts with the user's session. Not a service of `sc.exe`: such a program must answer the
 * service control manager, which Node cannot, and would be ended after thirty seconds (error 1053).
 */
export function windowsService(options: ServiceOptions): ServicePlan {
  const line = [...options.command, ...serviceArguments(options, false)].map(quoted).join(" ");
  return {
    path: null,
    text: `${line}\n`,
    start: [
      [
        "schtasks.exe",
        "/Create",
        "/F",
        "/TN",
        task,
        "/SC",
        "ONLOGON",
        "/RL",
        "HIGHEST",
        "/RU",
        options.user,
        "/TR",
        line,
      ],
      ["schtasks.exe", "/Run", "/TN", task],
    ],
    stop: [
      ["schtasks.exe", "/End", "/TN", task],
      ["schtasks.exe", "/Delete", "/F", "/TN", task],
    ],
  };
}

function quoted(word: string): string {
  if (/["\x00-\x1f]/.test(word))
    throw new HoopError("invalid", `${JSON.stringify(word)} cannot stand in a task's command`);
  return /[\s&|<>^%]/.test(word) ? `"${word}"` : word;
}
