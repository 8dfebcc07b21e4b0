/** The few files of the sample machine, in memory: nothing of this computer is in it, and nothing that is done to it lasts. */
export class Files {
  readonly #files = new Map<string, Buffer>(
    Object.entries({
      "/etc/hostname": "site-demo\n",
      "/etc/motd": "A machine behind Hoop. Its files are in memory; try: ls, cat orders.csv, rm orders.csv\n",
      "/home/deploy/orders.csv":
        "id,customer,email,amount\n1,Grace Hopper,grace@navy.example.org,129.90\n2,Alan Turing,alan@bletchley.example.org,45.00\n",
      "/home/deploy/README": "Deploys end up here.\n",
      "/var/log/app.log": "08:00:01 started\n08:00:04 ready\n08:12:40 order 240 shipped\n",
    }).map(([path, text]) => [path, Buffer.from(text)]),
  );
  static readonly home = "/home/deploy";
  static readonly #maxBytes = 16 * 1024 * 1024;

  /** Absolute, without `.` and `..`. */
  resolve(path: string, from: string = Files.home): string {
    const whole = path === "~" || path.startsWith("~/") ? Files.home + path.slice(1) : path;
    const parts: string[] = [];
    for (const part of (whole.startsWith("/") ? whole : `${from}/${whole}`).split("/")) {
      if (part === "..") parts.pop();
      else if (part !== "" && part !== ".") parts.push(part);
    }
    return `/${parts.join("/")}`;
  }

  read(path: string): Buffer | null {
    return this.#files.get(path) ?? null;
  }

  /** False: there is no room. */
  write(path: string, content: Buffer): boolean {
    let used = content.length;
    for (const [name, bytes] of this.#files) if (name !== path) used += bytes.length;
    if (used > Files.#maxBytes || this.#files.size > 500) return false;
    this.#files.set(path, content);
    return true;
  }

  remove(path: string): boolean {
    return this.#files.delete(path);
  }

  isFolder(path: string): boolean {
    return path === "/" || path === "/tmp" || [...this.#files.keys()].some((name) => name.startsWith(`${path}/`));
  }

  /** Names in a folder. */
  list(path: string): string[] {
    const start = path === "/" ? "/" : `${path}/`;
    const names = [...this.#files.keys(), "/tmp/"]
      .filter((name) => name.startsWith(start) && name !== start)
      .map((name) => name.slice(start.length).split("/")[0]!);
    return [...new Set(names)].sort();
  }
}
