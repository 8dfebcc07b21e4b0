import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { type ProvisionedPerson, parsePatch } from "../../identity/index.js";
import { HoopError } from "../../vocabulary/index.js";
import { send, urns } from "./media.js";
import { sliceFrom, wantedFrom } from "./query.js";
import { actorOf, directoryOf, expectedOf, isKnown, routeOptions, type ScimContext } from "./scim.js";
import { etagOf, pick, shownPerson } from "./show.js";

interface One {
  Params: { id: string };
  Querystring: Record<string, unknown>;
}

/** Users of a directory. */
export function userRoutes(app: FastifyInstance, { deps, change, base }: ScimContext): void {
  const { directories } = deps.identity;
  const shown = (request: FastifyRequest, person: ProvisionedPerson) =>
    pick(shownPerson(person, base(request)), wantedFrom(request.query as Record<string, unknown>));

  function answer(
    request: FastifyRequest,
    reply: FastifyReply,
    status: number,
    person: ProvisionedPerson,
  ): FastifyReply {
    reply.header("etag", etagOf(person));
    if (status === 201) reply.header("location", `${base(request)}/Users/${person.id}`);
    return send(reply, status, shown(request, person));
  }

  app.get<{ Querystring: Record<string, unknown> }>("/Users", routeOptions, async (request, reply) => {
    const { startIndex, ...slice } = sliceFrom(request.query);
    const { total, items } = await directories.store.people(directoryOf(request).id, slice);
    return send(reply, 200, {
      schemas: [urns.list],
      totalResults: total,
      startIndex,
      itemsPerPage: items.length,
      Resources: items.map((person) => shown(request, person)),
    });
  });

  app.get<One>("/Users/:id", routeOptions, async (request, reply) => {
    const person = await directories.store.person(directoryOf(request).id, request.params.id);
    if (person === null) throw new HoopError("not-found", "there is no such user");
    if (isKnown(request, etagOf(person))) return reply.code(304).header("etag", etagOf(person)).send();
    return answer(request, reply, 200, person);
  });

  app.post("/Users", routeOptions, async (request, reply) => {
    const directory = directoryOf(request);
    const person = await change(actorOf(directory), async () => {
      const made = await directories.provisioning(directory).addPerson(request.body);
      return {
        answer: made,
        entry: { what: "directory.user.created", target: made.name, before: null, after: stateOf(made) },
      };
    });
    return answer(request, reply, 201, person);
  });

  for (const method of ["PUT", "PATCH"] as const) {
    app.route<One>({
      ...routeOptions,
      method,
      url: "/Users/:id",
      handler: async (request, reply) => {
        const directory = directoryOf(request);
        const provisioning = directories.provisioning(directory);
        const { id } = request.params;
        const operations = method === "PATCH" ? parsePatch(request.body) : null;
        const person = await change(actorOf(directory), async () => {
          const { before, after } =
            operations === null
              ? await provisioning.replacePerson(id, request.body, expectedOf(request))
              : await provisioning.patchPerson(id, operations, expectedOf(request));
          return {
            answer: after,
            entry: {
              what: "directory.user.changed",
              target: after.name,
              before: stateOf(before),
              after: stateOf(after),
            },
          };
        });
        return answer(request, reply, 200, person);
      },
    });
  }

  app.delete<One>("/Users/:id", routeOptions, async (request, reply) => {
    const directory = directoryOf(request);
    await change(actorOf(directory), async () => {
      const removed = await directories.provisioning(directory).removePerson(request.params.id, expectedOf(request));
      return {
        answer: null,
        entry: { what: "directory.user.removed", target: removed.name, before: stateOf(removed), after: null },
      };
    });
    return reply.code(204).send();
  });
}

/** For the audit. */
function stateOf({ id, name, person, usable, groups, version }: ProvisionedPerson) {
  return { id, name, ...person, usable, groups: groups.map(({ displayName }) => displayName), version };
}
