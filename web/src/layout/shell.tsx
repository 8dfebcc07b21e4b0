import { ActionIcon } from "@mantine/core";
import { Link, Outlet } from "@tanstack/react-router";
import { useState } from "react";
import { CloseIcon, MenuIcon } from "../ui/icons.js";
import { Brand } from "./brand.js";
import { ColorSchemeSwitch } from "./color-scheme-switch.js";
import { Navigation } from "./navigation.js";
import { useMe } from "./use-me.js";

/** The frame of every page: where one can go on the left, on top of a narrow screen. */
export function Shell() {
  const me = useMe();
  const [open, setOpen] = useState(false);
  const close = () => setOpen(false);
  return (
    <div className="shell">
      <a className="skip-link" href="#content">
        Skip to the content
      </a>
      <header className="side" data-open={open || undefined}>
        <div className="side-head">
          <Link to="/connections" className="brand-link" onClick={close}>
            <Brand />
          </Link>
          <ActionIcon
            className="side-toggle"
            variant="subtle"
            color="gray"
            size="lg"
            aria-label={open ? "Close the menu" : "Open the menu"}
            aria-expanded={open}
            onClick={() => setOpen(!open)}
          >
            {open ? <CloseIcon /> : <MenuIcon />}
          </ActionIcon>
        </div>
        <div className="side-body">
          <Navigation me={me} onNavigate={close} />
          <div className="side-foot">
            <Link to="/profile" className="nav-link me-link" activeProps={{ "aria-current": "page" }} onClick={close}>
              <span className="me-name">{me.subject.name}</span>
              <span className="dim small">{me.admin ? "admin" : me.auditor ? "auditor" : "signed in"}</span>
            </Link>
            <ColorSchemeSwitch />
          </div>
        </div>
      </header>
      <main id="content" className="content" tabIndex={-1}>
        <Outlet />
      </main>
    </div>
  );
}
