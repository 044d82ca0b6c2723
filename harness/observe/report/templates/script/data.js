// What the page holds: the model and the log, unpacked when they are needed.

async function unpacked(id) {
  const packed = atob(byId(id).textContent);
  const bytes = new Uint8Array(packed.length);
  for (let i = 0; i < packed.length; i++) bytes[i] = packed.charCodeAt(i);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return JSON.parse(await new Response(stream).text());
}

const report = { phases: [], runs: [], services: [], tests: [], groups: [] };

async function load() {
  Object.assign(report, await unpacked("data"));
  report.tests.forEach((test, number) => {
    test.number = number;
    test.leases ??= [];
    test.stacks ??= {};
    test.begin ??= 0;
    test.run ??= 0;
    test.took = test.end - test.begin;
    test.waited = test.leases.reduce((sum, [begin, end]) => sum + end - begin, 0);
    test.services = new Set(Object.values(test.stacks).flatMap((stack) => stack.services || []));
  });
}

// The log: a column each of when, which service, what; `lower` is searched.
let logOnce;
function theLog() {
  logOnce ??= unpacked("log").then((log) => {
    let at = 0;
    log.at = log.steps.map((step) => (at += step));
    log.lines = log.text ? log.text.split("\n") : [];
    log.lower = log.text.toLowerCase();
    log.marked = new Set(log.marked);
    log.test = new Int32Array(log.lines.length).fill(-1);
    for (const test of report.tests)
      for (const number of linesOf(test)) if (log.test[number] < 0) log.test[number] = test.number;
    return log;
  });
  return logOnce;
}

function linesOf(test) {
  const lines = [];
  for (let i = 0; i < (test.log || []).length; i += 2)
    for (let line = test.log[i]; line < test.log[i + 1]; line++) lines.push(line);
  return lines;
}

// The numbers of the lines that hold a text, which is in lower case.
function found(log, text) {
  const hits = [];
  if (log.lower.length !== log.text.length) {  // a few letters change their length
    log.lines.forEach((line, number) => line.toLowerCase().includes(text) && hits.push(number));
    return hits;
  }
  let line = 0;
  let end = log.lines.length ? log.lines[0].length : -1;
  for (let at = log.lower.indexOf(text); at >= 0; at = log.lower.indexOf(text, end)) {
    while (end < at) end += log.lines[++line].length + 1;
    hits.push(line);
    if (end >= log.lower.length) break;
  }
  return hits;
}

// What is filtered by; every list asks it, and is told when it changes.
const filter = { text: "", outcome: "", service: "", hits: null, listeners: [] };
filter.changed = () => filter.listeners.forEach((listener) => listener());

// The outcomes behind each chip: what has no end has failed as well.
const bad = new Set(["failed", "error", "unfinished"]);

// What a test is found by, beside its log; made when somebody searches.
function wordsOf(test) {
  test.words ??= [test.id, test.message, test.text, test.worker, ...(test.verdict || []), ...test.services].join("\n").toLowerCase();
  return test.words;
}

function shows(test) {
  if (filter.outcome && test.outcome !== filter.outcome) return false;
  if (filter.service && !test.services.has(filter.service)) return false;
  if (!filter.text || wordsOf(test).includes(filter.text)) return true;
  return filter.hits !== null && filter.hits.tests.has(test.number);
}
