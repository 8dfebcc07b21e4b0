import { Title } from "@mantine/core";
import type { ReactNode } from "react";
import { Brand } from "../../layout/brand.js";

/** The frame of the pages before and beside the console. */
export function SignInCard({ title, children }: { title: string; children: ReactNode }) {
  return (
    <main className="centre">
      <title>{`${title} · Hoop`}</title>
      <Brand />
      <div className="card stack">
        <Title order={1} size="h3">
          {title}
        </Title>
        {children}
      </div>
    </main>
  );
}
