/** What the API answers about second factors. */
export interface Factor {
  readonly id: string;
  readonly kind: "totp" | "passkey";
  readonly name: string;
  readonly createdAt: string;
  readonly lastUsedAt: string | null;
  readonly site: string | null;
}

export interface Factors {
  readonly items: readonly Factor[];
  readonly recoveryCodes: number;
  readonly required: boolean;
  readonly deadline: string | null;
  readonly notices: readonly string[];
}

export interface TotpOffer {
  readonly id: string;
  readonly secret: string;
  readonly uri: string;
}

export interface Enrolled {
  readonly factor: { readonly id: string; readonly kind: string; readonly name: string };
  readonly recoveryCodes: readonly string[] | null;
}

export interface Question {
  readonly id: string;
  readonly connection: string;
  readonly shown: string | null;
  readonly expires: string;
  readonly state: "pending" | "answered" | "closed" | "expired";
}

/** What comes after a right password. */
export interface SignInStep {
  readonly state: "factor" | "enrol";
  readonly pending: string;
  readonly methods: readonly string[];
}
