import { ActionIcon, useComputedColorScheme, useMantineColorScheme } from "@mantine/core";
import { MoonIcon, SunIcon } from "../ui/icons.js";

export function ColorSchemeSwitch() {
  // Otherwise Mantine adds a style element for a moment, which the content security policy refuses.
  const { setColorScheme } = useMantineColorScheme({ keepTransitions: true });
  const shown = useComputedColorScheme("light", { getInitialValueInEffect: false });
  const other = shown === "dark" ? "light" : "dark";
  return (
    <ActionIcon
      variant="subtle"
      color="gray"
      size="lg"
      title={`Use the ${other} colours`}
      aria-label={`Use the ${other} colours`}
      onClick={() => setColorScheme(other)}
    >
      {shown === "dark" ? <SunIcon /> : <MoonIcon />}
    </ActionIcon>
  );
}
