import { bearer, type Called, call, password, setUp, signIn, startTestApi, type TestApi } from "../api/support.js";

export interface ScimApi extends TestApi {
  readonly admin: Record<string, string>;
  /** Calls SCIM with the directory's token; `body` as it stands. */
  scim<T = Record<string, unknown>>(
    method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE",
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<Called<T>>;
  /** Another directory with a token of its own. */
  directory(name: string, groupPrefix?: string): Promise<Record<string, string>>;
  as(name: string): Promise<Record<string, string>>;
}

/** The API with an admin `ada` and a directory `okta`. */
export async function startScimApi(): Promise<ScimApi> {
  const api = await startTestApi();
  const admin = await setUp(api);
  const directory = async (name: string, groupPrefix = "") => {
    await call(api.app, "POST", "/api/v1/directories", { name, groupPrefix }, admin);
    const minted = await call<{ token: string }>(
      api.app,
      "POST",
      `/api/v1/directories/${name}/tokens`,
      { label: "test" },
      admin,
    );
    if (minted.status !== 201) throw new Error(JSON.stringify(minted.body));
    return { authorization: `Bearer ${minted.body.token}` };
  };
  const own = await directory("okta");
  return {
    ...api,
    admin,
    directory,
    scim: (method, path, body, headers = {}) =>
      call(api.app, method, `/scim/v2${path}`, body, {
        ...own,
        ...(body === undefined ? {} : { "content-type": "application/scim+json" }),
        ...headers,
      }),
    as: async (name) => bearer(await signIn(api.app, name, password)),
  };
}

export const patchOp = (...Operations: unknown[]) => ({
  schemas: ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
  Operations,
});

export const userSchema = "urn:ietf:params:scim:schemas:core:2.0:User";
export const enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

export interface Listed {
  readonly totalResults: number;
  readonly startIndex: number;
  readonly itemsPerPage: number;
  readonly Resources: readonly Record<string, unknown>[];
}

export interface Shown {
  readonly id: string;
  readonly active?: boolean;
  readonly [name: string]: unknown;
}
