import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { type MembersMoved, type ProvisionedTeam, parsePatch, type TeamMember } from "../../identity/index.js";
import { HoopError } from "../../vocabulary/index.js";
import { send, urns } from "./media.js";
import { sliceFrom, wantedFrom } from "./query.js";
import { actorOf, directoryOf, expectedOf, isKnown, routeOptions, type ScimContext } from "./scim.js";
import { etagOf, pick, shownTeam } from "./show.js";

interface One {
  Params: { id: string };
  Querystring: Record<string, unknown>;
}

/** Groups of a directory. */
export function groupRoutes(app: FastifyInstance, { deps, change, base }: ScimContext): void {
  const { directories } = deps.identity;

  /** Ten thousand members are not read for a caller that does not want them. */
  async function shown(request: FastifyRequest, teams: readonly ProvisionedTeam[]): Promise<Record<string, unknown>[]> {
    const wanted = wantedFrom(request.query as Record<string, unknown>);
    const asked =
      !wanted.without.has("members") &&
      (wanted.only === null || [...wanted.only].some((path) => path === "members" || path.startsWith("members.")));
    const members = asked
      ? await directories.store.members(
          directoryOf(request).id,
          teams.map(({ id }) => id),
        )
      : new Map<string, readonly TeamMember[]>();
    return teams.map((team) => {
      const resource = shownTeam(team, members.get(team.id) ?? [], base(request));
      if (!asked) delete resource["members"];
      return pick(resource, wanted);
    });
  }

  async function answer(
    request: FastifyRequest,
    reply: FastifyReply,
    status: number,
    team: ProvisionedTeam,
  ): Promise<FastifyReply> {
    reply.header("etag", etagOf(team));
    if (status === 201) reply.header("location", `${base(request)}/Groups/${team.id}`);
    return send(reply, status, (await shown(request, [team]))[0]);
  }

  app.get<{ Querystring: Record<string, unknown> }>("/Groups", routeOptions, async (request, reply) => {
    const { startIndex, ...slice } = sliceFrom(request.query);
    const { total, items } = await directories.store.teams(directoryOf(request).id, slice);
    return send(reply, 200, {
      schemas: [urns.list],
      totalResults: total,
      startIndex,
      itemsPerPage: items.length,
      Resources: await shown(request, items),
    });
  });

  app.get<One>("/Groups/:id", routeOptions, async (request, reply) => {
    const team = await directories.store.team(directoryOf(request).id, request.params.id);
    if (team === null) throw new HoopError("not-found", "there is no such group");
    if (isKnown(request, etagOf(team))) return reply.code(304).header("etag", etagOf(team)).send();
    return answer(request, reply, 200, team);
  });

  app.post("/Groups", routeOptions, async (request, reply) => {
    const directory = directoryOf(request);
    const team = await change(actorOf(directory), async () => {
      const { team: made, moved } = await directories.provisioning(directory).addTeam(request.body);
      return {
        answer: made,
        entry: {
          what: "directory.group.created",
          target: made.group,
          before: null,
          after: { ...stateOf(made), ...movedOf(moved) },
        },
      };
    });
    return answer(request, reply, 201, team);
  });

  for (const method of ["PUT", "PATCH"] as const) {
    app.route<One>({
      ...routeOptions,
      method,
      url: "/Groups/:id",
      handler: async (request, reply) => {
        const directory = directoryOf(request);
        const provisioning = directories.provisioning(directory);
        const { id } = request.params;
        const operations = method === "PATCH" ? parsePatch(request.body) : null;
        const team = await change(actorOf(directory), async () => {
          const { before, after, moved } =
            operations === null
              ? await provisioning.replaceTeam(id, request.body, expectedOf(request))
              : await provisioning.patchTeam(id, operations, expectedOf(request));
          return {
            answer: after,
            entry: {
              what: "directory.group.changed",
              target: after.group,
              before: stateOf(before),
              after: { ...stateOf(after), ...movedOf(moved) },
            },
          };
        });
        // What the providers expect: a change of members need not send all of them back.
        if (method === "PATCH") return reply.code(204).header("etag", etagOf(team)).send();
        return answer(request, reply, 200, team);
      },
    });
  }

  app.delete<One>("/Groups/:id", routeOptions, async (request, reply) => {
    const directory = directoryOf(request);
    await change(actorOf(directory), async () => {
      const removed = await directories.provisioning(directory).removeTeam(request.params.id, expectedOf(request));
      return {
        answer: null,
        entry: { what: "directory.group.removed", target: removed.group, before: stateOf(removed), after: null },
      };
    });
    return reply.code(204).send();
  });
}

/** For the audit. */
function stateOf({ id, group, displayName, externalId, version }: ProvisionedTeam) {
  return { id, group, displayName, externalId, version };
}

/** More names than these are counted only. */
const told = 1_000;

function movedOf({ added, removed }: MembersMoved) {
  const names = (members: readonly TeamMember[]) => members.slice(0, told).map(({ name }) => name);
  return {
    ...(added.length === 0 ? {} : { added: names(added), addedCount: added.length }),
    ...(removed.length === 0 ? {} : { removed: names(removed), removedCount: removed.length }),
  };
}
