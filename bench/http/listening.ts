import { request } from "node:http";

/** Resolves once something answers HTTP there. */
export async function listening(port: number): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    const answered = await new Promise<boolean>((resolve) => {
      const asked = request({ host: "127.0.0.1", port, path: "/", headers: { host: "site" } }, (answer) => {
        answer.resume();
        resolve(true);
      });
      asked.on("error", () => resolve(false));
      asked.end();
    });
    if (answered) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`nothing answers on port ${port}`);
}
