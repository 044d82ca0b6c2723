// The services: which are shown, and each one's log over the whole run.

function startServices() {
  const all = [...document.querySelectorAll("#services details")];
  const draw = () => {
    const shown = all.filter((each) => {
      const { service } = each.dataset;
      each.hidden = !(!filter.service || service === filter.service) || !(!filter.text || each.textContent.toLowerCase().includes(filter.text) || filter.hits?.services.has(service));
      return !each.hidden;
    });
    byId("services-count").textContent = shown.length === all.length ? `${all.length}` : `${shown.length} of ${all.length}`;
    all.filter((each) => each.open).forEach(fillService);
  };
  for (const each of all) each.addEventListener("toggle", () => each.open && fillService(each));
  filter.listeners.push(draw);
  if (all.length) draw();
  addEventListener("hashchange", openHash);
}

function fillService(details) {
  const { service } = details.dataset;
  const numbers = (log) => {
    const index = log.services.indexOf(service);
    const run = (number) => report.tests[log.test[number]]?.run || 0;
    // several tests may have seen the same stretch: by time, and not test by test
    return log.service
      .flatMap((each, number) => (each === index ? [number] : []))
      .sort((one, other) => run(one) - run(other) || log.at[one] - log.at[other]);
  };
  fillLog(details.querySelector(".log"), numbers, 0, "No line of it was kept.");
}

// A link to a service, or to a test, opens it.
function openHash() {
  const target = byId(decodeURIComponent(location.hash.slice(1)));
  if (target?.matches("details")) {
    target.open = true;
    target.scrollIntoView({ block: "start" });
  }
  const test = /^#test-(\d+)$/.exec(location.hash);
  if (test && report.tests[test[1]] && !target) openTest(Number(test[1]));
}
