// Searching and filtering: one box and a few buttons for all lists.

const HITS = 50;

async function search(text) {
  filter.text = text.trim().toLowerCase();
  filter.hits = null;
  if (filter.text) {
    const wanted = filter.text;
    const log = await theLog();
    if (filter.text !== wanted) return; // typed on meanwhile
    const lines = found(log, wanted);
    filter.hits = {
      lines,
      tests: testsWith(lines),
      services: new Set(lines.map((number) => log.services[log.service[number]])),
    };
  }
  filter.changed();
}

// Tests whose log has one of these lines, which are in order.
function testsWith(lines) {
  const hit = (from, to) => {
    let [low, high] = [0, lines.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (lines[middle] < from) low = middle + 1;
      else high = middle;
    }
    return low < lines.length && lines[low] < to;
  };
  const has = ({ log = [] }) => log.some((from, index) => index % 2 === 0 && hit(from, log[index + 1]));
  return new Set(report.tests.filter(has).map((test) => test.number));
}

async function drawHits() {
  const section = byId("hits");
  section.hidden = !filter.hits?.lines.length;
  if (section.hidden) return;
  const log = await theLog();
  if (!filter.hits) return;
  const lines = filter.hits.lines.filter((number) => {
    const test = report.tests[log.test[number]];
    return (!filter.outcome || test?.outcome === filter.outcome) && (!filter.service || log.services[log.service[number]] === filter.service);
  });
  byId("hits-count").textContent = `${lines.length}`;
  const draw = (number) => lineOf(log, number, testBegin(log, number), report.tests[log.test[number]]);
  byId("hit-lines").replaceChildren(...paged(lines, HITS, draw));
}

function drawChips() {
  const counts = new Map();
  report.tests.forEach((test) => counts.set(test.outcome, (counts.get(test.outcome) || 0) + 1));
  const chip = (outcome, label) => html(
    "button",
    { type: "button", "aria-pressed": String(filter.outcome === outcome), "data-outcome": outcome || "all", onclick: () => { filter.outcome = outcome; filter.changed(); } },
    label,
  );
  byId("outcome-filter").replaceChildren(
    chip("", `all ${report.tests.length}`),
    ...SEVERITY.filter((outcome) => counts.has(outcome)).map((outcome) => chip(outcome, `${outcome} ${counts.get(outcome)}`)),
  );
  byId("clear").hidden = !(filter.text || filter.outcome || filter.service);
}

function clearFilter() {
  byId("query").value = byId("service-filter").value = "";
  Object.assign(filter, { text: "", outcome: "", service: "", hits: null });
  filter.changed();
}

function startSearch() {
  let typing;
  byId("query").oninput = (event) => {
    clearTimeout(typing);
    typing = setTimeout(() => search(event.target.value), 120);
  };
  byId("service-filter").onchange = (event) => { filter.service = event.target.value; filter.changed(); };
  byId("clear").onclick = clearFilter;
  filter.listeners.push(drawChips, drawHits);
  drawChips();
}
