import type { Verb } from "../invocation.js";

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export const run: Verb = async ({ context, args }) => {
  const api = await context.api();
  const id = uuid.test(args[0]!) ? args[0]! : await idOf(args[0]!);
  await api.delete(`/credentials/${encodeURIComponent(id)}`, { signal: context.signal });
  context.out.result({ id }, () => "Revoked. Sessions that it opened have ended.");

  async function idOf(user: string): Promise<string> {
    const { items } = await api.get<{ items: readonly { id: string; user: string }[] }>("/credentials?mine=false", {
      signal: context.signal,
    });
    return items.find((one) => one.user === user)?.id ?? user;
  }
};
