import SCIMMY from "scimmy";
import { urns } from "./media.js";

/** What this service can, in the protocol's own words (RFC 7643, section 5). */
export function serviceConfig(base: string): Record<string, unknown> {
  return {
    schemas: [urns.config],
    patch: { supported: true },
    bulk: { supported: false, maxOperations: 0, maxPayloadSize: 0 },
    filter: { supported: true, maxResults: 500 },
    changePassword: { supported: false },
    sort: { supported: false },
    etag: { supported: true },
    authenticationSchemes: [
      {
        type: "oauthbearertoken",
        name: "Bearer token",
        description: "A directory's own token: hoop scim token",
        specUri: "https://www.rfc-editor.org/info/rfc6750",
        primary: true,
      },
    ],
    meta: { resourceType: "ServiceProviderConfig", location: `${base}/ServiceProviderConfig` },
  };
}

export function resourceTypes(base: string): Record<string, unknown>[] {
  return [
    {
      schemas: [urns.resourceType],
      id: "User",
      name: "User",
      endpoint: "/Users",
      description: "A person",
      schema: urns.user,
      schemaExtensions: [{ schema: urns.enterprise, required: false }],
      meta: { resourceType: "ResourceType", location: `${base}/ResourceTypes/User` },
    },
    {
      schemas: [urns.resourceType],
      id: "Group",
      name: "Group",
      endpoint: "/Groups",
      description: "A group, which rules match on",
      schema: urns.group,
      schemaExtensions: [],
      meta: { resourceType: "ResourceType", location: `${base}/ResourceTypes/Group` },
    },
  ];
}

/** The standard's own schemas, as the library describes them. */
export function schemas(base: string): Record<string, unknown>[] {
  const { User, Group, EnterpriseUser } = SCIMMY.Schemas;
  return [User, Group, EnterpriseUser].map(({ definition }) => {
    const described = definition.describe(`${base}/Schemas`) as unknown as Record<string, unknown>;
    return { ...described, meta: { resourceType: "Schema", location: `${base}/Schemas/${definition.id}` } };
  });
}
