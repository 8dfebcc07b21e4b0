import type { Access, Analysis, AttributeValue, Effect, Resource } from "../../../vocabulary/index.js";
import { resolvePath, withHome } from "../shell/paths.js";
import type { SshReader } from "../wire.js";
import { sftp } from "./packets.js";

/** What a request wants to do with which paths. */
export interface Operation {
  readonly name: string;
  readonly effects: readonly Effect[];
  readonly paths: readonly { readonly path: string; readonly access: Access }[];
  readonly unknown?: string;
}

const flags = { read: 1, write: 2, append: 4, create: 8, truncate: 16 } as const;
/** Flags of attributes that say who may do what. */
const rights = { owner: 2, permissions: 4 } as const;

const one = (name: string, access: Access, path: string, effect: Effect = access): Operation => ({
  name,
  effects: [effect],
  paths: [{ path, access }],
});

/** Null: it looks at nothing but what was allowed already, or tells no more than that a name exists. */
export function operationOf(
  type: number,
  reader: SshReader,
  pathOfHandle: (handle: string) => string,
): Operation | null {
  switch (type) {
    case sftp.open:
      return opening(reader.text(), reader.uint32());
    case sftp.opendir:
      return one("list", "read", reader.text());
    case sftp.readlink:
      return one("readlink", "read", reader.text());
    case sftp.remove:
      return one("remove", "destroy", reader.text());
    case sftp.rmdir:
      return one("rmdir", "destroy", reader.text());
    case sftp.mkdir:
      return one("mkdir", "write", reader.text());
    case sftp.setstat:
      return attributes(reader.text(), reader.uint32());
    case sftp.fsetstat:
      return attributes(pathOfHandle(reader.string().toString("latin1")), reader.uint32());
    case sftp.rename:
      return renaming("rename", reader);
    case sftp.symlink:
      // Servers disagree on the order of the two: both are written and read.
      return linking("symlink", reader);
    case sftp.extended:
      return extended(reader, pathOfHandle);
    default:
      return null;
  }
}

function opening(path: string, how: number): Operation {
  const writes = (how & (flags.write | flags.append | flags.create | flags.truncate)) !== 0;
  const reads = (how & flags.read) !== 0 || !writes;
  const accesses: Access[] = [...(reads ? (["read"] as const) : []), ...(writes ? (["write"] as const) : [])];
  return {
    name: writes ? (reads ? "open to read and write" : "write") : "read",
    effects: accesses,
    paths: accesses.map((access) => ({ path, access })),
  };
}

function attributes(path: string, set: number): Operation {
  const changesRights = (set & (rights.owner | rights.permissions)) !== 0;
  return one("setstat", "write", path, changesRights ? "admin" : "write");
}

function renaming(name: string, reader: SshReader): Operation {
  const [from, to] = [reader.text(), reader.text()];
  return {
    name,
    effects: ["write", "destroy"],
    paths: [
      { path: from, access: "destroy" },
      { path: to, access: "write" },
    ],
  };
}

function linking(name: string, reader: SshReader): Operation {
  const paths = [reader.text(), reader.text()];
  return {
    name,
    effects: ["read", "write"],
    paths: paths.flatMap((path) => (["read", "write"] as const).map((access) => ({ path, access }))),
  };
}

function extended(reader: SshReader, pathOfHandle: (handle: string) => string): Operation | null {
  const name = reader.text();
  switch (name) {
    case "posix-rename@openssh.com":
      return renaming("rename", reader);
    case "hardlink@openssh.com":
      return linking("hardlink", reader);
    case "lsetstat@openssh.com":
      return attributes(reader.text(), reader.uint32());
    case "copy-data": {
      const from = pathOfHandle(reader.string().toString("latin1"));
      reader.bytes(16);
      const to = pathOfHandle(reader.string().toString("latin1"));
      return {
        name: "copy",
        effects: ["read", "write"],
        paths: [
          { path: from, access: "read" },
          { path: to, access: "write" },
        ],
      };
    }
    case "statvfs@openssh.com":
    case "fstatvfs@openssh.com":
    case "fsync@openssh.com":
    case "limits@openssh.com":
    case "expand-path@openssh.com":
    case "home-directory":
    case "users-groups-by-id@openssh.com":
      return null;
    default:
      return {
        name: `extended ${name.slice(0, 100)}`,
        effects: [],
        paths: [],
        unknown: "an extension that is not known here",
      };
  }
}

/** As policy and people see it. Paths are absolute, or begin with `~`. */
export function operationAnalysis(
  { name, effects, paths, unknown }: Operation,
  common: Readonly<Record<string, AttributeValue>>,
  home: string | null,
): Analysis {
  const unknowns = unknown === undefined ? [] : [unknown];
  const resources = paths.map(({ path, access }): Resource => {
    const found = /[\0\ufffd]/.test(path) ? null : withHome(resolvePath(sftpPath(path), "~"), home);
    if (found === null) unknowns.push("a path that could not be read");
    return { kind: "path", name: found ?? path.slice(0, 500), access };
  });
  const named = (...accesses: Access[]) => [
    ...new Set(resources.filter(({ access }) => accesses.includes(access)).map((resource) => resource.name)),
  ];
  const text = `sftp ${name} ${[...new Set(resources.map((resource) => resource.name))].join(" ")}`;
  return {
    shape: text.slice(0, 4_000),
    effects: unknowns.length > 0 ? [...effects, "unknown"] : effects,
    resources,
    attributes: {
      kind: "sftp",
      ...common,
      operation: name,
      paths: named("read", "write", "destroy"),
      reads: named("read"),
      writes: named("write", "destroy"),
    },
    unknowns,
  };
}

/** To SFTP a tilde is a name like others. */
const sftpPath = (path: string) => (path === "" ? "." : path.startsWith("~") ? `./${path}` : path);
