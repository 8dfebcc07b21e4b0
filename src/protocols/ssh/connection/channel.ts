/** Which side of the gateway a message came from or goes to. */
export type End = "client" | "target";

export const otherEnd = (end: End): End => (end === "client" ? "target" : "client");

/** What a channel was opened as; the rest of what it does follows from requests on it. */
export interface Channel {
  /** Our own number for it, told to both ends as theirs. */
  readonly id: number;
  /** `session`, `direct-tcpip`, `forwarded-tcpip`, `x11`, `auth-agent@openssh.com`, … */
  readonly type: string;
  readonly opener: End;
  /** Each end's own number; null: that end has not confirmed, or never heard of it. */
  readonly numbers: Record<End, number | null>;
  /** Bytes that each end still takes. */
  readonly window: Record<End, number>;
  /** Bytes of our own that an end was sent: it will give room for them, which its peer must not hear of. */
  readonly owed: Record<End, number>;
  /** Bytes that an end sent and its tap has not passed on: the room they took is given back when that end has hardly any left. */
  readonly kept: Record<End, number>;
  readonly maxPacket: Record<End, number>;
  /** Its opening went on to the other end, which may confirm it. */
  told: boolean;
  /** Who has sent close. */
  readonly closed: Record<End, boolean>;
  /** Who has sent end of file. */
  readonly ended: Record<End, boolean>;
  /** We closed it towards both ends, and wait for theirs. */
  left: boolean;
  /** `shell`, `exec`, `subsystem`, once it is allowed; null before. */
  running: { readonly kind: string; readonly text: string } | null;
  pty: { columns: number; rows: number; readonly term: string } | null;
  /** Messages of the client that wait for the gate's word on an earlier one. */
  waiting: Buffer[] | null;
  waitingBytes: number;
  /** The target is given no room for now, and so much was not told to it yet. */
  braked: boolean;
  withheld: number;
  /** Reads what passes; for SFTP and lines at a prompt it also decides. */
  tap: ChannelTap | null;
}

/** Looks at a channel's data, and may change it. */
export interface ChannelTap {
  /** What goes on in place of these bytes of the client; null: nothing for now. */
  fromClient(data: Buffer): Buffer | null;
  fromTarget(data: Buffer, extended: number | null): Buffer | null;
  resized?(columns: number, rows: number): void;
  exited?(status: number | null, signal: string | null): void;
  /** The client sends no more. False: what it sent still waits, and the end is passed on when `TapPorts.end` is called. */
  ended?(): boolean;
  closed(): void;
}

export function newChannel(id: number, type: string, opener: End, number: number): Channel {
  return {
    id,
    type,
    opener,
    numbers: { client: opener === "client" ? number : null, target: opener === "target" ? number : null },
    window: { client: 0, target: 0 },
    owed: { client: 0, target: 0 },
    kept: { client: 0, target: 0 },
    maxPacket: { client: 0, target: 0 },
    told: false,
    closed: { client: false, target: false },
    ended: { client: false, target: false },
    left: false,
    running: null,
    pty: null,
    waiting: null,
    waitingBytes: 0,
    braked: false,
    withheld: 0,
    tap: null,
  };
}
