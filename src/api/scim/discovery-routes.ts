import type { FastifyInstance } from "fastify";
import { HoopError } from "../../vocabulary/index.js";
import { resourceTypes, schemas, serviceConfig } from "./discovery.js";
import { send, urns } from "./media.js";
import { routeOptions, type ScimContext } from "./scim.js";

export function discoveryRoutes(app: FastifyInstance, { base }: ScimContext): void {
  app.get("/ServiceProviderConfig", routeOptions, async (request, reply) =>
    send(reply, 200, serviceConfig(base(request))),
  );
  for (const [path, list] of [
    ["/ResourceTypes", resourceTypes],
    ["/Schemas", schemas],
  ] as const) {
    app.get(path, routeOptions, async (request, reply) => {
      const items = list(base(request));
      return send(reply, 200, {
        schemas: [urns.list],
        totalResults: items.length,
        startIndex: 1,
        itemsPerPage: items.length,
        Resources: items,
      });
    });
    app.get<{ Params: { id: string } }>(`${path}/:id`, routeOptions, async (request, reply) => {
      const found = list(base(request)).find(
        (item) => String(item["id"]).toLowerCase() === request.params.id.toLowerCase(),
      );
      if (found === undefined) throw new HoopError("not-found", "there is no such resource");
      return send(reply, 200, found);
    });
  }
}
