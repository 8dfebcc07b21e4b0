import "./styles/mantine.js";
import "./styles/tokens.css";
import "./styles/shell.css";
import "./styles/content.css";
import "./styles/session.css";
import "./styles/reviews.css";
import "./styles/second-factor.css";
import { localStorageColorSchemeManager, MantineProvider } from "@mantine/core";
import { Notifications } from "@mantine/notifications";
import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { createQueryClient } from "./api/query-client.js";
import { createConsoleRouter } from "./router.js";
import { theme } from "./theme.js";

const queryClient = createQueryClient(() => {
  const { pathname, href } = router.state.location;
  if (pathname === "/login" || pathname === "/setup") return;
  // What the page showed is forgotten after it is gone.
  void router.navigate({ to: "/login", search: { to: href }, replace: true }).then(() => queryClient.clear());
});
const router = createConsoleRouter(queryClient);
const colorSchemes = localStorageColorSchemeManager({ key: "hoop-color-scheme" });

createRoot(document.getElementById("root")!).render(
  <StrictMode>
    {/* Style sheets are files: the content security policy lets no element of a page bring styles of its own. */}
    <MantineProvider
      theme={theme}
      colorSchemeManager={colorSchemes}
      defaultColorScheme="auto"
      withCssVariables={false}
      withGlobalClasses={false}
    >
      <QueryClientProvider client={queryClient}>
        <RouterProvider router={router} />
        <Notifications position="bottom-right" limit={3} autoClose={4_000} />
      </QueryClientProvider>
    </MantineProvider>
  </StrictMode>,
);
