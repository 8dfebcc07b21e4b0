/** What a login of the target's administrator may do there. */
export interface AdminFacts {
  /** The login itself. */
  readonly user: string;
  readonly superuser: boolean;
  readonly canCreateUsers: boolean;
  /** It only follows another server: nothing can be made here. */
  readonly standby: boolean;
  /** PostgreSQL: 150004, 180000. */
  readonly version: number;
}

/** A user at the target for one session. */
export interface UserWish {
  readonly name: string;
  /** Stays with the caller: the target is given a verifier only. */
  readonly secret: string;
  readonly until: Date;
  /** What the user may do is what these roles may; it acts as the first. */
  readonly roles: readonly string[];
  readonly replication: boolean;
  /** Shown beside the user at the target. */
  readonly comment: string;
}

/** Makes and removes users at one target, over a session of Hoop's own. One action at a time. Throws HoopError. */
export interface TargetAdmin {
  facts(): Promise<AdminFacts>;
  /** Why users with these roles cannot be made here, in words; null: they can. */
  obstacle(roles: readonly string[]): Promise<string | null>;
  /** Answers the place in the target's log from which on the user exists, where the target tells one. */
  makeUser(wish: UserWish): Promise<{ readonly place: string | null }>;
  /** Its password is good until then. */
  extendUser(name: string, until: Date): Promise<void>;
  /**
   * The user can no longer log in, its sessions end, what it owns goes to `heir`, what it was granted is taken away, and it is
   * gone. Done again after an interruption it goes on where it was; a user that is not there is dropped already.
   */
  dropUser(name: string, heir: string): Promise<void>;
  /** Only a verifier goes over the wire. */
  changePassword(user: string, secret: string): Promise<void>;
  /** Waits until a server that follows has come to that place. */
  reached(place: string, withinMs: number): Promise<void>;
  ping(): Promise<void>;
  /** Its session has ended by itself: nothing can be asked of it any more. */
  readonly lost: boolean;
  close(): void;
}
