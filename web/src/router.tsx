import type { QueryClient } from "@tanstack/react-query";
import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  redirect,
} from "@tanstack/react-router";
import { Problem } from "./api/problem.js";
import { meQuery, setupQuery } from "./api/queries.js";
import { type ReviewView, reviewViews } from "./api/review-queries.js";
import { type ReviewState, reviewStates } from "./api/review-types.js";
import { NotFound } from "./layout/not-found.js";
import { RouteError } from "./layout/route-error.js";
import { Shell } from "./layout/shell.js";
import { Loading } from "./ui/loading.js";

interface RouterContext {
  readonly queryClient: QueryClient;
}

const text = (value: unknown): string | undefined => (typeof value === "string" && value !== "" ? value : undefined);

const root = createRootRouteWithContext<RouterContext>()({
  component: Outlet,
  notFoundComponent: NotFound,
  errorComponent: RouteError,
});

const setup = createRoute({
  getParentRoute: () => root,
  path: "/setup",
  validateSearch: (search): { token?: string } => ({ token: text(search.token) }),
  component: lazyRouteComponent(() => import("./pages/sign-in/setup-page.js"), "SetupPage"),
});

const login = createRoute({
  getParentRoute: () => root,
  path: "/login",
  validateSearch: (search): { to?: string; step?: string } => ({
    to: text(search.to),
    ...(search.step === undefined ? {} : { step: String(search.step) }),
  }),
  component: lazyRouteComponent(() => import("./pages/sign-in/login-page.js"), "LoginPage"),
});

/** Everything below is for people who are signed in. */
const signedIn = createRoute({
  getParentRoute: () => root,
  id: "signed-in",
  beforeLoad: async ({ context: { queryClient }, location }) => {
    try {
      await queryClient.ensureQueryData(meQuery);
    } catch (error) {
      if (!(error instanceof Problem) || error.status !== 401) throw error;
      const { needed } = await queryClient.fetchQuery(setupQuery);
      throw needed
        ? redirect({ to: "/setup" })
        : redirect({ to: "/login", search: location.href === "/" ? {} : { to: location.href } });
    }
  },
});

const device = createRoute({
  getParentRoute: () => signedIn,
  path: "/login/device",
  validateSearch: (search): { code?: string } => ({ code: text(search.code) }),
  component: lazyRouteComponent(() => import("./pages/sign-in/device-page.js"), "DevicePage"),
});

const stepUp = createRoute({
  getParentRoute: () => signedIn,
  path: "/step-up/$question",
  component: lazyRouteComponent(() => import("./pages/sign-in/step-up-page.js"), "StepUpPage"),
});

const shell = createRoute({ getParentRoute: () => signedIn, id: "shell", component: Shell });

const home = createRoute({
  getParentRoute: () => shell,
  path: "/",
  beforeLoad: () => {
    throw redirect({ to: "/connections", replace: true });
  },
});

const connections = createRoute({
  getParentRoute: () => shell,
  path: "/connections",
  component: lazyRouteComponent(() => import("./pages/connections/connections-page.js"), "ConnectionsPage"),
});

const sessionViews = ["live", "recorded", "screens"] as const;
export type SessionView = (typeof sessionViews)[number];

const sessions = createRoute({
  getParentRoute: () => shell,
  path: "/sessions",
  validateSearch: (search): { view?: SessionView; subject?: string; connection?: string } => ({
    view: sessionViews.find((view) => view === search.view),
    subject: text(search.subject),
    connection: text(search.connection),
  }),
  component: lazyRouteComponent(() => import("./pages/sessions/sessions-page.js"), "SessionsPage"),
});

const session = createRoute({
  getParentRoute: () => shell,
  path: "/sessions/$session",
  component: lazyRouteComponent(() => import("./pages/sessions/session-page.js"), "SessionPage"),
});

const reviews = createRoute({
  getParentRoute: () => shell,
  path: "/reviews",
  validateSearch: (search): { view?: ReviewView; state?: ReviewState; connection?: string } => ({
    view: reviewViews.find((view) => view === search.view),
    state: reviewStates.find((state) => state === search.state),
    connection: text(search.connection),
  }),
  component: lazyRouteComponent(() => import("./pages/reviews/reviews-page.js"), "ReviewsPage"),
});

const review = createRoute({
  getParentRoute: () => shell,
  path: "/reviews/$review",
  component: lazyRouteComponent(() => import("./pages/reviews/review-page.js"), "ReviewPage"),
});

const access = createRoute({
  getParentRoute: () => shell,
  path: "/access",
  validateSearch: (search): { view?: "all" } => (search.view === "all" ? { view: "all" } : {}),
  component: lazyRouteComponent(() => import("./pages/access/access-page.js"), "AccessPage"),
});

const runbooks = createRoute({
  getParentRoute: () => shell,
  path: "/runbooks",
  component: lazyRouteComponent(() => import("./pages/runbooks/runbooks-page.js"), "RunbooksPage"),
});

const runbook = createRoute({
  getParentRoute: () => shell,
  path: "/runbooks/$runbook",
  component: lazyRouteComponent(() => import("./pages/runbooks/runbook-page.js"), "RunbookPage"),
});

const run = createRoute({
  getParentRoute: () => shell,
  path: "/runs/$run",
  component: lazyRouteComponent(() => import("./pages/runbooks/run-page.js"), "RunPage"),
});

const policyViews = ["rules", "explain", "simulate", "shadows", "grid", "edit", "history"] as const;
export type PolicyView = (typeof policyViews)[number];

const policy = createRoute({
  getParentRoute: () => shell,
  path: "/policy",
  validateSearch: (search): { view?: PolicyView } => ({
    view: policyViews.find((view) => view === search.view),
  }),
  component: lazyRouteComponent(() => import("./pages/policy/policy-page.js"), "PolicyPage"),
});

const agents = createRoute({
  getParentRoute: () => shell,
  path: "/agents",
  component: lazyRouteComponent(() => import("./pages/agents/agents-page.js"), "AgentsPage"),
});

const credentials = createRoute({
  getParentRoute: () => shell,
  path: "/credentials",
  component: lazyRouteComponent(() => import("./pages/credentials/credentials-page.js"), "CredentialsPage"),
});

const userViews = ["groups", "roles", "directories", "factors"] as const;
export type UserView = (typeof userViews)[number];

const users = createRoute({
  getParentRoute: () => shell,
  path: "/users",
  validateSearch: (search): { view?: UserView } => {
    const view = userViews.find((one) => one === search.view);
    return view === undefined ? {} : { view };
  },
  component: lazyRouteComponent(() => import("./pages/users/users-page.js"), "UsersPage"),
});

const machineViews = ["delegations", "accounts", "federation"] as const;
export type MachineView = (typeof machineViews)[number];

const machines = createRoute({
  getParentRoute: () => shell,
  path: "/machines",
  validateSearch: (search): { view?: MachineView; delegate?: string } => ({
    view: machineViews.find((view) => view === search.view),
    delegate: text(search.delegate),
  }),
  component: lazyRouteComponent(() => import("./pages/machines/machines-page.js"), "MachinesPage"),
});

const providers = createRoute({
  getParentRoute: () => shell,
  path: "/providers",
  component: lazyRouteComponent(() => import("./pages/providers/providers-page.js"), "ProvidersPage"),
});

export type EventView = "reactions" | "dead-letters" | "exporters";

const events = createRoute({
  getParentRoute: () => shell,
  path: "/events",
  validateSearch: (search): { view?: EventView } => {
    const view = (["reactions", "dead-letters", "exporters"] as const).find((one) => one === search.view);
    return view === undefined ? {} : { view };
  },
  component: lazyRouteComponent(() => import("./pages/events/events-page.js"), "EventsPage"),
});

const event = createRoute({
  getParentRoute: () => shell,
  path: "/events/$event",
  component: lazyRouteComponent(() => import("./pages/events/event-page.js"), "EventPage"),
});

const audit = createRoute({
  getParentRoute: () => shell,
  path: "/audit",
  component: lazyRouteComponent(() => import("./pages/audit/audit-page.js"), "AuditPage"),
});

const profile = createRoute({
  getParentRoute: () => shell,
  path: "/profile",
  component: lazyRouteComponent(() => import("./pages/profile/profile-page.js"), "ProfilePage"),
});

const routes = root.addChildren([
  setup,
  login,
  signedIn.addChildren([
    device,
    stepUp,
    shell.addChildren([
      home,
      connections,
      sessions,
      session,
      reviews,
      review,
      access,
      runbooks,
      runbook,
      run,
      policy,
      agents,
      credentials,
      users,
      machines,
      providers,
      events,
      event,
      audit,
      profile,
    ]),
  ]),
]);

/** Every page of the console, one route each; a page's code is fetched when it is opened. */
export function createConsoleRouter(queryClient: QueryClient) {
  return createRouter({
    routeTree: routes,
    context: { queryClient },
    defaultPreload: "intent",
    defaultPreloadStaleTime: 0,
    defaultPendingComponent: Loading,
    scrollRestoration: true,
  });
}

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof createConsoleRouter>;
  }
}
