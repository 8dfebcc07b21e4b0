import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { reviewCountQuery } from "../api/review-queries.js";
import type { Me } from "../api/types.js";
import { may } from "./use-me.js";

const places = [
  { to: "/connections", label: "Connections", needs: null },
  { to: "/sessions", label: "Sessions", needs: null },
  { to: "/reviews", label: "Reviews", needs: null },
  { to: "/access", label: "Access", needs: null },
  { to: "/credentials", label: "Credentials", needs: null },
  { to: "/runbooks", label: "Runbooks", needs: null },
  { to: "/policy", label: "Policy", needs: "policy.read" },
  { to: "/agents", label: "Agents", needs: "agents.read" },
  { to: "/users", label: "Users & groups", needs: "users.read" },
  { to: "/machines", label: "Machines", needs: null },
  { to: "/providers", label: "Sign-in", needs: "providers.read" },
  { to: "/events", label: "Events", needs: "audit.read" },
  { to: "/audit", label: "Audit", needs: "audit.read" },
] as const;

/** Where one can go; what the API would refuse is not offered. */
export function Navigation({ me, onNavigate }: { me: Me; onNavigate: () => void }) {
  return (
    <nav aria-label="Main">
      <ul className="nav-list">
        {places
          .filter((place) => place.needs === null || may(me, place.needs))
          .map((place) => (
            <li key={place.to}>
              <Link
                to={place.to}
                className="nav-link"
                activeProps={{ "aria-current": "page" }}
                activeOptions={{ includeSearch: false }}
                onClick={onNavigate}
              >
                {place.label}
                {place.to === "/reviews" && <ToDecide />}
              </Link>
            </li>
          ))}
      </ul>
    </nav>
  );
}

/** How many reviews wait for a word of whoever is signed in. */
function ToDecide() {
  const { data } = useQuery(reviewCountQuery);
  if (data === undefined || data.toDecide === 0) return null;
  return (
    <span className="nav-count">
      {data.toDecide > 99 ? "99+" : data.toDecide}
      <span className="unseen"> to decide</span>
    </span>
  );
}
