/** Loaded by `toasts.tsx`. */
export { Notifications as default } from "@mantine/notifications";
