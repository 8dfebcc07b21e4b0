import { createTheme } from "@mantine/core";

/** Colours and sizes that differ from Mantine's own. Their CSS variables are in `styles/tokens.css`. */
export const theme = createTheme({
  primaryColor: "indigo",
  cursorType: "pointer",
  defaultRadius: "md",
  components: {
    Badge: { defaultProps: { radius: "sm", tt: "none", fw: 600 } },
    Table: { defaultProps: { verticalSpacing: "sm" } },
  },
});
