// The list of tests, and each with all that is known of it.

const TESTS = 50;
const tests = { order: "worst", open: new Set() };

const SEVERITY = ["failed", "error", "unfinished", "xpassed", "xfailed", "skipped", "passed"];
const ORDERS = {
  worst: (a, b) => SEVERITY.indexOf(a.outcome) - SEVERITY.indexOf(b.outcome) || a.number - b.number,
  time: (a, b) => a.run - b.run || a.begin - b.begin,
  took: (a, b) => b.took - a.took,
  waited: (a, b) => b.waited - a.waited,
};

function drawTests() {
  const shown = report.tests.filter(shows).sort(ORDERS[tests.order]);
  const all = report.tests.length;
  byId("tests-count").textContent = shown.length === all ? `${all}` : `${shown.length} of ${all}`;
  // one that was opened from elsewhere is among the first, wherever it would stand
  const first = shown.filter((test) => test.number === tests.wanted);
  const list = [...first, ...shown.filter((test) => test.number !== tests.wanted)];
  byId("tests").replaceChildren(
    ...(list.length ? paged(list, TESTS, testRow) : [html("p", { class: "muted" }, all ? "No test is like that." : "No test needed a service.")]),
  );
}

function testRow(test) {
  const [path, ...name] = test.id.split("::");
  const why = test.verdict?.[0] || test.message;
  const row = html("div", { class: "test", id: `test-${test.number}` });
  const head = html(
    "button",
    { type: "button", "aria-expanded": "false", onclick: () => toggleTest(row, head, test) },
    html("span", { class: `glyph ${test.outcome}`, title: test.outcome }),
    html("span", { class: "id" }, html("span", { class: "path" }, name.length ? `${path}::` : ""), name.join("::") || path,
      why && html("span", { class: bad.has(test.outcome) ? "why" : "why said" }, why)),
    html("span", { class: "isolation muted" }, test.isolation || ""),
    html("span", { class: "waited num muted" }, test.waited ? `${duration(test.waited)} waiting` : ""),
    html("span", { class: "num" }, duration(test.took)),
  );
  row.append(head);
  if (tests.open.has(test.number)) toggleTest(row, head, test);
  return row;
}

function toggleTest(row, head, test) {
  const open = row.classList.toggle("open");
  head.setAttribute("aria-expanded", String(open));
  if (open) {
    tests.open.add(test.number);
    row.append(testInside(test));
  } else {
    tests.open.delete(test.number);
    row.lastChild.remove();
  }
}

function openTest(number) {
  tests.open.add(number);
  tests.wanted = number;
  if (!shows(report.tests[number])) clearFilter();
  drawTests();
  tests.wanted = undefined;
  hideTip();
  byId(`test-${number}`).scrollIntoView({ block: "start" });
  history.replaceState(null, "", `#test-${number}`);
}

function testInside(test) {
  const log = html("div", { class: "log" });
  const count = linesOf(test).length;
  fillLog(log, () => linesOf(test), test.begin, "No line was kept of this test's services.");
  return html(
    "div",
    { class: "inside" },
    test.verdict && html("ul", { class: "verdict" }, test.verdict.map((line) => html("li", {}, line))),
    html("dl", { class: "facts" }, facts(test)),
    test.text && html("div", {}, html("h3", {}, "Failure"), html("pre", {}, test.text)),
    test.state && html("div", {}, html("h3", {}, "Services, when it ended"), stateTable(test.state)),
    html("div", {}, html("h3", {}, `Log of its services${count ? `, ${count} lines` : ""}`),
      test.cut && html("p", { class: "muted small" }, `${test.cut} lines were left out.`), log),
  );
}

function facts(test) {
  const fact = (name, ...value) => html("div", {}, html("dt", {}, name), html("dd", {}, ...value));
  const ranIn = [report.runs.length > 1 && `run ${test.run + 1}`, test.worker].filter(Boolean).join(" ");
  const phases = test.phases || {};
  const setUp = Math.max((phases.setup || 0) - test.waited, 0);
  const parts = [["wait", test.waited, "waiting for services"], ["up", setUp, "set-up"], ["use", phases.call || 0, "call"], ["stop", phases.teardown || 0, "teardown"]];
  return [
    fact("outcome", html("b", { class: `glyph ${test.outcome}` }, ` ${test.outcome}`)),
    fact("where", html("span", { class: "mono" }, test.place || "")),
    ranIn && fact("ran in", `${ranIn}, from ${duration(test.begin)} on`),
    fact("time", parts.filter(([, ms]) => ms).map(([kind, ms, name]) => html("span", { class: `key ${kind}`, style: { "margin-right": "1rem" } }, `${name} ${duration(ms)}`))),
    ...Object.entries(test.stacks).map(([name, stack]) =>
      fact(`stack, lives for its ${stack.life || "test"}`, html("span", { class: "mono" }, name), html("br"), (stack.services || []).join(", "),
        stack.resets?.length ? ` (put back: ${stack.resets.map(String).join(", ")})` : "")),
    test.isolation && fact("isolation", test.isolation),
  ];
}

function stateTable(state) {
  const columns = ["service", "status", "health", "exit", "restarts", "memory peak", "ports", "image"];
  const cells = ([name, one]) => [
    name, one.status, one.health, one.oom ? `${one.exit_code ?? ""} out of memory` : one.exit_code, one.restarts,
    one.memory_peak ? `${(one.memory_peak / 1048576).toFixed(1)} MiB` : "", (one.ports || []).join(", "), one.image,
  ];
  const ill = (one) => one.oom || (one.exit_code !== null && one.exit_code !== undefined && one.exit_code !== 0) || one.health === "unhealthy";
  return html("div", { class: "states" }, html("table", {},
    html("tr", {}, columns.map((column) => html("th", {}, column))),
    Object.entries(state).map((entry) => html("tr", { class: ill(entry[1]) && "bad" }, cells(entry).map((cell) => html("td", {}, cell === null || cell === undefined ? "" : String(cell)))))));
}

function startTests() {
  byId("order").onchange = (event) => { tests.order = event.target.value; drawTests(); };
  filter.listeners.push(drawTests);
  drawTests();
}
