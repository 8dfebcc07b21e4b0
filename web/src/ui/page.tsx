import { Title } from "@mantine/core";
import type { ReactNode } from "react";

interface PageProps {
  readonly title: string;
  readonly intro?: ReactNode;
  readonly actions?: ReactNode;
  readonly children: ReactNode;
}

export function Page({ title, intro, actions, children }: PageProps) {
  return (
    <div className="page">
      <title>{`${title} · Hoop`}</title>
      <div className="page-head">
        <div className="page-words">
          <Title order={1} size="h2">
            {title}
          </Title>
          {intro !== undefined && <p className="page-intro">{intro}</p>}
        </div>
        {actions !== undefined && <div className="page-actions">{actions}</div>}
      </div>
      {children}
    </div>
  );
}
