import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { headsQuery } from "../../api/queries.js";
import type { AuditHeads } from "../../api/types.js";
import { Command } from "../../ui/command.js";
import { CopyButton } from "../../ui/copy-button.js";
import { type Column, DataTable } from "../../ui/data-table.js";
import { EmptyState } from "../../ui/empty-state.js";
import { Page } from "../../ui/page.js";
import { QueryView } from "../../ui/query-view.js";
import { RelativeTime } from "../../ui/relative-time.js";
import { Changes } from "./changes.js";
import { Verify } from "./verify.js";

type Head = AuditHeads["heads"][number];

const columns: readonly Column<Head>[] = [
  { name: "Chain", cell: ({ chain }) => <span className="mono">{chain ?? "–"}</span> },
  { name: "Entries", cell: ({ seq }) => seq ?? "–" },
  { name: "Signed", cell: ({ time }) => (time === undefined ? "–" : <RelativeTime at={time} />) },
];

export function AuditPage() {
  const heads = useQuery(headsQuery);
  return (
    <Page
      title="Audit"
      intro="Every entry carries the hash of the one before it. Who holds an export and the key can prove that nothing was changed, left out or reordered."
    >
      <Verify />
      <Changes />
      <QueryView query={heads}>
        {({ publicKey, heads: list }) => (
          <>
            <section className="stack">
              <h2 className="section-title">Chains</h2>
              {list.length === 0 ? (
                <EmptyState title="No head is signed yet">
                  <p>The gateway signs where each chain stands once a minute.</p>
                </EmptyState>
              ) : (
                <DataTable
                  label="Chains"
                  columns={columns}
                  rows={list}
                  keyOf={(head) => head.chain ?? head.body ?? ""}
                />
              )}
            </section>
            <section className="card stack">
              <h2 className="section-title">Prove it elsewhere</h2>
              <p className="dialog-text">
                Keep this key where the gateway cannot write. Download an export and verify it on another machine:
              </p>
              <Command text="hoop audit verify hoop-audit.ndjson --key audit.pub" />
              <div className="row row-between">
                <span className="dim">The key that signs</span>
                <CopyButton text={publicKey} label="Copy the key" />
              </div>
              <pre className="code">{publicKey.trim()}</pre>
              <div className="row">
                <Button component="a" href="/api/v1/audit/export" download="hoop-audit.ndjson" variant="default">
                  Download the export
                </Button>
                <a className="text-link" href="/api/v1/ca" download="hoop-ca.pem">
                  Download the CA that clients trust
                </a>
              </div>
            </section>
          </>
        )}
      </QueryView>
    </Page>
  );
}
