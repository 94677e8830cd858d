/** Mantine dressed in the tokens: its components take colours and sizes from `tokens.css`. */
import { type CSSVariablesResolver, createTheme, type MantineColorsTuple } from "@mantine/core";

const accent: MantineColorsTuple = [
  "#eef0fb",
  "#dde1f7",
  "#bbc2ee",
  "#97a2e5",
  "#7985dd",
  "#6673d6",
  "#5564d0",
  "#4a58c9",
  "#3f4cb3",
  "#343f98",
];

/** The list itself scrolls, so that a reader of the screen knows it as the list of its control. */
const list = {
  size: "sm",
  withScrollArea: false,
  styles: { options: { maxHeight: 260, overflowY: "auto" } },
} as const;

export const theme = createTheme({
  primaryColor: "accent",
  primaryShade: { light: 7, dark: 6 },
  colors: { accent },
  autoContrast: true,
  fontFamily: "var(--font)",
  fontFamilyMonospace: "var(--font-mono)",
  fontSizes: { xs: "12px", sm: "13px", md: "14px", lg: "16px", xl: "20px" },
  lineHeights: { xs: "1.35", sm: "1.4", md: "1.43", lg: "1.4", xl: "1.3" },
  radius: { xs: "3px", sm: "4px", md: "6px", lg: "8px", xl: "12px" },
  defaultRadius: "md",
  spacing: { xs: "8px", sm: "12px", md: "16px", lg: "24px", xl: "32px" },
  cursorType: "pointer",
  headings: {
    fontWeight: "600",
    sizes: {
      h1: { fontSize: "20px", lineHeight: "1.3" },
      h2: { fontSize: "16px", lineHeight: "1.4" },
      h3: { fontSize: "14px", lineHeight: "1.43" },
    },
  },
  components: {
    Button: { defaultProps: { size: "xs", fw: 500 } },
    ActionIcon: { defaultProps: { size: 28, variant: "subtle", color: "gray" } },
    TextInput: { defaultProps: { size: "sm" } },
    PasswordInput: { defaultProps: { size: "sm" } },
    Textarea: { defaultProps: { size: "sm" } },
    Select: { defaultProps: list },
    MultiSelect: { defaultProps: list },
    Tooltip: { defaultProps: { openDelay: 400, withArrow: false, fz: 12, zIndex: 500 } },
    Menu: {
      defaultProps: { shadow: "none", offset: 4, withinPortal: true, transitionProps: { duration: 80 } },
    },
    Popover: { defaultProps: { shadow: "none", offset: 4, transitionProps: { duration: 80 } } },
    Combobox: { defaultProps: { shadow: "none", transitionProps: { duration: 80 } } },
    Modal: {
      defaultProps: {
        shadow: "none",
        radius: "lg",
        centered: true,
        transitionProps: { duration: 100 },
        overlayProps: { backgroundOpacity: 0.35 },
      },
    },
    Drawer: { defaultProps: { shadow: "none", transitionProps: { duration: 140 } } },
  },
});

const shared = {
  "--mantine-color-body": "var(--surface)",
  "--mantine-color-text": "var(--text)",
  "--mantine-color-dimmed": "var(--text-2)",
  "--mantine-color-placeholder": "var(--text-3)",
  "--mantine-color-default": "var(--surface)",
  "--mantine-color-default-hover": "var(--hover)",
  "--mantine-color-default-color": "var(--text)",
  "--mantine-color-default-border": "var(--border-strong)",
  "--mantine-color-error": "var(--danger)",
  "--mantine-color-anchor": "var(--accent-text)",
  "--mantine-color-gray-light-color": "var(--text-2)",
  "--mantine-color-gray-light-hover": "var(--hover)",
};

export const cssVariables: CSSVariablesResolver = () => ({ variables: {}, light: shared, dark: shared });
