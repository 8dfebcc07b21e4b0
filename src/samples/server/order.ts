import { z } from "zod";

/** What the server of samples is told, in one line on its standard input: no argument and no variable shows it to others. */
export const orderSchema = z.strictObject({
  web: z.strictObject({ path: z.string(), token: z.string().min(16) }),
  ssh: z.strictObject({ path: z.string(), password: z.string().min(16), hostKey: z.string() }),
  /** Whom it becomes once its code is loaded; null: it stays who it is. */
  user: z.strictObject({ uid: z.number().int().positive(), gid: z.number().int().positive() }).nullable(),
});

export type Order = z.infer<typeof orderSchema>;
