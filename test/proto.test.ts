import { execFile } from "node:child_process";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";

const root = resolve(import.meta.dirname, "..");
const buf = (...args: string[]) =>
  promisify(execFile)(join(root, "node_modules", ".bin", "buf"), args, {
    cwd: root,
    env: { ...process.env, PATH: `${join(root, "node_modules", ".bin")}:${process.env.PATH}` },
  });

describe("the gRPC contract", () => {
  it("keeps the rules of its style", async () => {
    await buf("lint");
  });

  it("breaks no peer that speaks what was released", async () => {
    await buf("breaking", "--against", "proto/hoop-v1.binpb");
  });

  it("finds a break when there is one", async () => {
    const folder = await mkdtemp(join(tmpdir(), "hoop-proto-"));
    try {
      await cp(join(root, "proto"), join(folder, "proto"), { recursive: true });
      await cp(join(root, "buf.yaml"), join(folder, "buf.yaml"));
      const path = join(folder, "proto/hoop/v1/frame.proto");
      await writeFile(path, (await readFile(path, "utf8")).replace("bool end = 2;", "string end = 2;"));
      const broken = buf("breaking", folder, "--against", "proto/hoop-v1.binpb");
      await expect(broken).rejects.toMatchObject({
        stdout: expect.stringMatching(/Field "2" .*end.* on message "Frame"/),
      });
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  it("is what the code was generated from", async () => {
    const folder = await mkdtemp(join(tmpdir(), "hoop-proto-"));
    try {
      await buf("generate", "--output", folder);
      for (const name of ["agent", "client", "frame"]) {
        const path = `src/transport/grpc/gen/hoop/v1/${name}_pb.ts`;
        expect(await readFile(join(folder, path), "utf8")).toBe(await readFile(join(root, path), "utf8"));
      }
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});
