/** Start of the portal: language, theme, cache, router. */
import "@mantine/core/styles.css";
import "@mantine/notifications/styles.css";
import "./ui/theme/tokens.css";
import "./ui/theme/global.css";
import "./ui/theme/mantine.css";
import { localStorageColorSchemeManager, MantineProvider } from "@mantine/core";
import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { queryClient } from "./api/query-client";
import { askAhead } from "./api/session";
import { startI18n } from "./i18n";
import { loadPageAhead, loadPagesAhead, router } from "./routes/router";
import { cssVariables, theme } from "./ui/theme/theme";
import { Toasts } from "./ui/toasts";

const schemes = localStorageColorSchemeManager({ key: "verstak.theme" });

async function start() {
  const root = document.getElementById("root");
  if (!root) throw new Error("no #root in index.html");
  // Nobody's session matters to who signs in, nor to a guest or a stranger.
  const outside = ["/sign-in", "/g"].includes(location.pathname) || location.pathname.startsWith("/p/");
  if (!outside) askAhead();
  loadPageAhead();
  // After the first page has what it needs.
  setTimeout(loadPagesAhead, 3_000);
  await startI18n();
  createRoot(root).render(
    <StrictMode>
      <MantineProvider
        theme={theme}
        cssVariablesResolver={cssVariables}
        colorSchemeManager={schemes}
        defaultColorScheme="auto"
      >
        <QueryClientProvider client={queryClient}>
          <Toasts />
          <RouterProvider router={router} />
        </QueryClientProvider>
      </MantineProvider>
    </StrictMode>,
  );
}

void start();
