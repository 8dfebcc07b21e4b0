import { readFile } from "node:fs/promises";
import { HoopError } from "../../vocabulary/index.js";
import { flag, text, texts, type Verb } from "../invocation.js";
import { ago, table } from "../table.js";

interface Source {
  readonly name: string;
  readonly url: string;
  readonly branch: string;
  readonly commit: string | null;
  readonly syncedAt: string | null;
  readonly problem: string | null;
}

export const run: Verb = async (invocation) => {
  const { context, args } = invocation;
  const { out, signal } = context;
  const api = await context.api();
  const name = args[0];
  if (name === undefined) {
    const { items } = await api.get<{ items: readonly Source[] }>("/runbook-sources", { signal });
    return out.result(items, () =>
      table(
        items,
        [
          { title: "source", value: (one) => one.name },
          { title: "url", value: (one) => one.url },
          { title: "branch", value: (one) => one.branch },
          { title: "commit", value: (one) => one.commit?.slice(0, 12) },
          { title: "looked at", value: (one) => ago(one.syncedAt) },
          { title: "problem", value: (one) => one.problem },
        ],
        "There is no repository of runbooks.",
      ),
    );
  }
  const path = `/runbook-sources/${encodeURIComponent(name)}`;
  if (flag(invocation, "rm")) {
    await api.delete(path, { signal });
    return out.result({ removed: name }, () => `Removed ${name}; its runbooks stay as they are.`);
  }
  const url = text(invocation, "url");
  if (url === undefined) throw new HoopError("invalid", "--url says where the repository is");
  const file = async (option: string) => {
    const path = text(invocation, option);
    return path === undefined ? null : readFile(path, "utf8");
  };
  const secret = await file("secretFile");
  const body = {
    url,
    branch: text(invocation, "branch") ?? "main",
    folder: text(invocation, "folder") ?? "",
    allowedSigners: await file("signers"),
    mayActAs: texts(invocation, "actAs"),
    ca: await file("ca"),
    knownHosts: await file("knownHosts"),
    ...(secret === null ? {} : { secret: secret.trimEnd() }),
  };
  const source = await api.put<Source>(path, { body, signal });
  out.result(
    source,
    () => `${source.name} is ${source.url}, branch ${source.branch}. Look at it now: hoop runbook sync ${source.name}`,
  );
};
