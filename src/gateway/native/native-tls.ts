import { createSecureContext, type SecureContext } from "node:tls";

/** What native clients are shown. */
export interface NativeTls {
  /** For a client that named nobody, or the gateway's own host. */
  context(): SecureContext;
  /** For one that named a connection (`pg-prod.hoop`): its own certificate. */
  contextFor(name: string): Promise<SecureContext>;
}

interface Certificate {
  readonly key: string | Buffer;
  readonly chain: string | Buffer;
}

/** `own`: the gateway's certificate as it is now. `named`: that of a connection; null: there is none of that name. */
export function createNativeTls(
  own: () => Certificate,
  named: (connection: string) => Promise<Certificate | null>,
  suffix: string,
): NativeTls {
  let last: { readonly of: string | Buffer; readonly context: SecureContext } | null = null;
  const made = ({ key, chain }: Certificate): SecureContext =>
    createSecureContext({ key, cert: chain, minVersion: "TLSv1.2" });
  function context(): SecureContext {
    const certificate = own();
    if (last?.of !== certificate.chain) last = { of: certificate.chain, context: made(certificate) };
    return last.context;
  }
  return {
    context,
    async contextFor(name) {
      const label = name.toLowerCase();
      if (!label.endsWith(`.${suffix}`)) return context();
      const certificate = await named(label.slice(0, -suffix.length - 1));
      return certificate === null ? context() : made(certificate);
    },
  };
}
