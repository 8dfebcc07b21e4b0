import { describe, expect, it } from "vitest";
import type { Connection } from "../../vocabulary/index.js";
import type { Plan } from "./plan.js";
import { rolesFor } from "./roles-for.js";

const connection = (...roles: string[]): Connection =>
  ({ name: "pg", credential: roles.length > 0 ? { roles } : undefined }) as unknown as Connection;
const plan = (...roles: string[]): Plan => ({ kind: "ephemeral", roles }) as unknown as Plan;

describe("the roles of a session's user", () => {
  it("are the connection's where rules say nothing", () => {
    expect(rolesFor(connection("rw", "ro"), plan("rw", "ro"), null)).toEqual(["rw", "ro"]);
    expect(rolesFor(connection(), plan("postgres"), null)).toEqual(["postgres"]);
    expect(rolesFor(connection(), { kind: "static", why: "" }, null)).toEqual([]);
  });

  it("are what rules grant and the connection allows, in its order", () => {
    expect(rolesFor(connection("rw", "ro"), plan("rw", "ro"), ["ro"])).toEqual(["ro"]);
    expect(rolesFor(connection("rw", "ro"), plan("rw", "ro"), ["owner", "ro", "rw"])).toEqual(["rw", "ro"]);
  });

  it("are refused where none can be given", () => {
    expect(() => rolesFor(connection("rw"), plan("rw"), ["ro"])).toThrow("allows none of ro");
    expect(() => rolesFor(connection("rw"), plan("rw"), [])).toThrow("none is left");
    // A stored login that is a superuser is no role to be granted unless the connection says so.
    expect(() => rolesFor(connection(), plan("postgres"), ["postgres"])).toThrow("allows none of postgres");
    expect(() => rolesFor(connection("rw"), { kind: "static", why: "so it is" }, ["rw"])).toThrow("so it is");
  });
});
