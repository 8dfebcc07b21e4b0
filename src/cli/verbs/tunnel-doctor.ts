import { askTunnel } from "../../client/tunnel/control/ask-tunnel.js";
import { examineGateway } from "../../client/tunnel/doctor/examine-gateway.js";
import type { Finding } from "../../client/tunnel/doctor/finding.js";
import { HoopError } from "../../vocabulary/index.js";
import type { CliContext } from "../context.js";
import { exitCodes } from "../exit-codes.js";
import type { Verb } from "../invocation.js";
import { type Output, printable } from "../output.js";

export const run: Verb = async ({ context }) => {
  const findings = [...(await gatewaySide(context)), ...(await machineSide(context))];
  const failed = findings.some((finding) => finding.result === "failed");
  context.out.result({ ok: !failed, findings }, () =>
    findings.map((finding) => shown(finding, context.out)).join("\n"),
  );
  return failed ? exitCodes.finding.code : exitCodes.ok.code;
};

async function gatewaySide(context: CliContext): Promise<readonly Finding[]> {
  try {
    const { login } = await context.way();
    return await examineGateway(await context.api(), login, context.signal);
  } catch (error) {
    return [failure("login", error)];
  }
}

async function machineSide({ folders }: CliContext): Promise<readonly Finding[]> {
  try {
    return await askTunnel(folders.tunnel, "doctor");
  } catch (error) {
    return [failure("tunnel", error)];
  }
}

function failure(check: string, error: unknown): Finding {
  if (!(error instanceof HoopError)) throw error;
  return { check, result: "failed", text: error.message, ...(error.hint ? { fix: error.hint } : {}) };
}

function shown({ check, result, text, fix }: Finding, { color }: Output): string {
  const mark = { ok: color.green("ok  "), warning: color.yellow("look"), failed: color.red("fail") }[result];
  return `${mark}  ${printable(check)}: ${printable(text)}${fix ? `\n      ${color.dim("do:")} ${printable(fix)}` : ""}`;
}
