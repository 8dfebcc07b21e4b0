import { Alert, Badge, Button, Text } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { asProblem } from "../../api/problem.js";
import { factorsQuery } from "../../api/queries.js";
import { write } from "../../api/request.js";
import type { Enrolled, Factor, Factors, TotpOffer } from "../../api/types.js";
import { passkeyName } from "../../second-factor/passkey-name.js";
import { makePasskey, passkeysWork } from "../../second-factor/passkeys.js";
import { ProveDialog } from "../../second-factor/prove-dialog.js";
import { RecoveryCodes } from "../../second-factor/recovery-codes.js";
import { TotpSetup } from "../../second-factor/totp-setup.js";
import { ConfirmDialog } from "../../ui/confirm-dialog.js";
import { Dialog } from "../../ui/dialog.js";
import { ProblemAlert } from "../../ui/problem-alert.js";
import { QueryView } from "../../ui/query-view.js";
import { sentence } from "../../ui/sentence.js";
import { FactorTable } from "./factor-table.js";
import { RenameDialog } from "./rename-dialog.js";

type Open =
  | { readonly dialog: "totp"; readonly offer: TotpOffer }
  | { readonly dialog: "codes"; readonly codes: readonly string[] }
  | { readonly dialog: "remove" | "rename"; readonly factor: Factor }
  | { readonly dialog: "new-codes" }
  /** What was tried needs a proof first; it is done again after it. */
  | { readonly dialog: "prove"; readonly again: () => Promise<void> };

/** The caller's second factors, and the ways to add and remove them. */
export function SecondFactors() {
  const factors = useQuery(factorsQuery);
  return (
    <section className="stack">
      <h2 className="section-title">Second factors</h2>
      <QueryView query={factors}>{(data) => <Manage factors={data} />}</QueryView>
    </section>
  );
}

function Manage({ factors }: { factors: Factors }) {
  const queryClient = useQueryClient();
  const [open, setOpen] = useState<Open | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const close = () => setOpen(null);
  const refresh = () => queryClient.invalidateQueries({ queryKey: ["factors"] });

  /** Does it; where the gateway wants a proof first, asks for that and does it then. */
  async function run(work: () => Promise<void>): Promise<void> {
    setError(null);
    setBusy(true);
    try {
      await work();
      await refresh();
    } catch (thrown) {
      if (asProblem(thrown).status === 412 && asProblem(thrown).message.endsWith("first"))
        setOpen({ dialog: "prove", again: work });
      else setError(thrown);
    } finally {
      setBusy(false);
    }
  }
  const enrolled = ({ recoveryCodes }: Enrolled) =>
    setOpen(recoveryCodes === null ? null : { dialog: "codes", codes: recoveryCodes });

  const addTotp = () =>
    run(async () => setOpen({ dialog: "totp", offer: await write<TotpOffer>("POST", "/me/factors/totp") }));
  const addPasskey = () =>
    run(async () => {
      const passkey = await makePasskey(await write("POST", "/me/factors/passkeys/options"));
      enrolled(await write<Enrolled>("POST", "/me/factors/passkeys", { body: { name: passkeyName(), passkey } }));
    });
  const newCodes = () =>
    run(async () => {
      const made = await write<{ recoveryCodes: readonly string[] }>("POST", "/me/factors/recovery-codes");
      setOpen({ dialog: "codes", codes: made.recoveryCodes });
    });

  return (
    <>
      {factors.notices.map((notice) => (
        <Alert key={notice} color="yellow" variant="light" title={sentence(notice.replace(/: hoop .*$/, ""))} />
      ))}
      <ProblemAlert error={error} />
      {factors.items.length === 0 ? (
        <Text className="dim" size="sm">
          None. With one, a stolen password opens nothing.
        </Text>
      ) : (
        <FactorTable
          factors={factors.items}
          onRename={(factor) => setOpen({ dialog: "rename", factor })}
          onRemove={(factor) => setOpen({ dialog: "remove", factor })}
        />
      )}
      <div className="row row-between">
        <div className="row">
          {passkeysWork() && (
            <Button variant="default" loading={busy} onClick={() => void addPasskey()}>
              Add a passkey
            </Button>
          )}
          {!factors.items.some(({ kind }) => kind === "totp") && (
            <Button variant="default" loading={busy} onClick={() => void addTotp()}>
              Set up an authenticator
            </Button>
          )}
        </div>
        {factors.items.length > 0 && (
          <div className="row">
            <Badge color={factors.recoveryCodes <= 3 ? "yellow" : "gray"} variant="light">
              {factors.recoveryCodes} recovery codes left
            </Badge>
            <Button variant="default" onClick={() => setOpen({ dialog: "new-codes" })}>
              New recovery codes
            </Button>
          </div>
        )}
      </div>
      <Dialogs
        open={open}
        close={close}
        run={run}
        enrolled={enrolled}
        newCodes={newCodes}
        last={factors.items.length === 1}
      />
    </>
  );
}

interface DialogsProps {
  readonly open: Open | null;
  readonly close: () => void;
  readonly run: (work: () => Promise<void>) => Promise<void>;
  readonly enrolled: (answer: Enrolled) => void;
  readonly newCodes: () => Promise<void>;
  readonly last: boolean;
}

function Dialogs({ open, close, run, enrolled, newCodes, last }: DialogsProps) {
  const queryClient = useQueryClient();
  switch (open?.dialog) {
    case undefined:
      return null;
    case "totp":
      return (
        <Dialog title="Set up an authenticator" onClose={close}>
          <TotpSetup
            offer={open.offer}
            verb="Add it"
            finish={async (code) => {
              enrolled(await write<Enrolled>("POST", `/me/factors/totp/${open.offer.id}`, { body: { code } }));
              await queryClient.invalidateQueries({ queryKey: ["factors"] });
            }}
          />
        </Dialog>
      );
    case "codes":
      return (
        <Dialog title="Your recovery codes" onClose={close}>
          <RecoveryCodes codes={open.codes} onDone={close} />
        </Dialog>
      );
    case "rename":
      return <RenameDialog factor={open.factor} onClose={close} />;
    case "remove": {
      const { factor } = open;
      return (
        <ConfirmDialog
          title="Remove this factor?"
          text={`${factor.name} will open nothing any more.${last ? " It is your last one: after that your password alone lets in whoever knows it." : ""}`}
          verb="Remove"
          onConfirm={async () => void run(async () => void (await write("DELETE", `/me/factors/${factor.id}`)))}
          onClose={close}
        />
      );
    }
    case "new-codes":
      return (
        <ConfirmDialog
          title="Make new recovery codes?"
          text="The old ones are worth nothing from then on."
          verb="Make new ones"
          onConfirm={async () => void newCodes()}
          onClose={close}
        />
      );
    case "prove": {
      const { again } = open;
      return (
        <ProveDialog
          onClose={close}
          onProved={() => {
            close();
            void run(again);
          }}
        />
      );
    }
  }
}
