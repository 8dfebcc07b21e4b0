import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { reviewCountQuery } from "../api/review-queries.js";
import type { Me } from "../api/types.js";

const places = [
  { to: "/connections", label: "Connections", auditors: false },
  { to: "/sessions", label: "Sessions", auditors: false },
  { to: "/reviews", label: "Reviews", auditors: false },
  { to: "/access", label: "Access", auditors: false },
  { to: "/policy", label: "Policy", auditors: true },
  { to: "/agents", label: "Agents", auditors: true },
  { to: "/users", label: "Users & groups", auditors: true },
  { to: "/audit", label: "Audit", auditors: true },
] as const;

/** Where one can go; what the API would refuse is not offered. */
export function Navigation({ me, onNavigate }: { me: Me; onNavigate: () => void }) {
  return (
    <nav aria-label="Main">
      <ul className="nav-list">
        {places
          .filter((place) => !place.auditors || me.auditor)
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
