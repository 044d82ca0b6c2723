// The theme, which is the system's until somebody chooses; then everything else.

function startTheme() {
  const root = document.documentElement;
  const button = byId("theme");
  const stored = (value) => {
    try {
      return value === undefined ? localStorage.getItem("harness-theme") : localStorage.setItem("harness-theme", value);
    } catch {
      return null; // a page from a file may have no storage
    }
  };
  const dark = () => (root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches);
  const label = () => { const other = dark() ? "light" : "dark"; button.textContent = `◐ ${other}`; button.setAttribute("aria-label", `Switch to the ${other} theme`); };
  const chosen = stored();
  if (chosen === "dark" || chosen === "light") root.dataset.theme = chosen;
  button.hidden = false;
  button.onclick = () => { root.dataset.theme = dark() ? "light" : "dark"; stored(root.dataset.theme); label(); };
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", label);
  label();
}

async function start() {
  startTheme();
  try {
    await load();
  } catch (error) {
    byId("broken").textContent = `This browser cannot unpack the report (${error}). Chrome 123, Firefox 120 and Safari 17.5 can, and later ones.`;
    byId("broken").hidden = false;
    return;
  }
  startTimeline();
  startZoom();
  startTests();
  startServices();
  startSearch();
  openHash();
  document.documentElement.dataset.ready = String(Math.round(performance.now())); // milliseconds until it can be used
  setTimeout(theLog, 50);
}

start();
