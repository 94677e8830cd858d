// Runs before the first paint, so that a dark screen never flashes white. A file, because the
// server's content policy allows no inline scripts.
(function () {
  var stored = null;
  try { stored = localStorage.getItem("verstak.theme"); } catch (e) { stored = null; }
  var dark = stored === "dark" || (stored !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.setAttribute("data-mantine-color-scheme", dark ? "dark" : "light");
})();
