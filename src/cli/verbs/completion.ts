import { bashCompletion } from "../completion/bash.js";
import { fishCompletion } from "../completion/fish.js";
import { completionTree } from "../completion/tree.js";
import { zshCompletion } from "../completion/zsh.js";
import type { Verb } from "../invocation.js";
import { createProgram } from "../program.js";

const shells: Readonly<Record<string, (tree: ReturnType<typeof completionTree>) => string>> = {
  bash: bashCompletion,
  zsh: zshCompletion,
  fish: fishCompletion,
};

export const run: Verb = async ({ context, args }) => {
  const tree = completionTree(createProgram(() => async () => {}));
  context.out.raw(shells[args[0]!]!(tree));
};
