// Lines of a log: a screenful at a time, since a run has a hundred thousand.

const LINES = 400;

const byRule = (at) => `${at < 0 ? "−" : "+"}${(Math.abs(at) / 1000).toFixed(3)}`;

function marked(text) {
  if (!filter.text) return [text];
  const parts = [];
  const lower = text.toLowerCase();
  let from = 0;
  for (let at = lower.indexOf(filter.text); at >= 0; at = lower.indexOf(filter.text, from)) {
    parts.push(text.slice(from, at), html("mark", {}, text.slice(at, at + filter.text.length)));
    from = at + filter.text.length;
  }
  return [...parts, text.slice(from)];
}

function lineOf(log, number, zero, within) {
  return html(
    "div",
    { class: `line${log.marked.has(number) ? " anomaly" : ""}${within ? " hit" : ""}` },
    within && html("button", { type: "button", class: "in", onclick: () => openTest(within.number) }, within.id.split("::").slice(1).join("::") || within.id),
    html("span", { class: "at" }, byRule(log.at[number] - zero)),
    html("span", { class: "service-name", title: log.services[log.service[number]] }, log.services[log.service[number]]),
    html("span", { class: "text" }, marked(log.lines[number])),
  );
}

async function fillLog(box, numbers, zero, empty) {
  const log = await theLog();
  const lines = numbers(log);
  box.replaceChildren(
    ...(lines.length
      ? paged(lines, LINES, (number) => lineOf(log, number, zero === null ? testBegin(log, number) : zero))
      : [html("p", { class: "muted" }, empty)]),
  );
}

const testBegin = (log, number) => report.tests[log.test[number]]?.begin || 0;
