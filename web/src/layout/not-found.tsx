import { Button } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { EmptyState } from "../ui/empty-state.js";

export function NotFound() {
  return (
    <div className="centre">
      <title>Not found · Hoop</title>
      <EmptyState title="There is no such page">
        <Button component={Link} to="/connections" variant="light">
          To the connections
        </Button>
      </EmptyState>
    </div>
  );
}
