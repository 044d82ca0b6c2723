// The rows of the timeline: what is drawn, from the model and the filter; nothing of how.

// A bar: its kind (a class), when, and what it says when it is looked at.
function timelineRows(folded) {
  const rows = [];
  const visible = new Set(report.tests.filter(shows).map((test) => test.number));
  for (const group of report.groups) {
    const key = `${group.run}/${group.worker}`;
    const lanes = group.lanes.map((lane) => laneRows(lane, group, visible)).filter((own) => own.length);
    const tests = group.tests.map((number) => report.tests[number]).filter((test) => visible.has(test.number));
    if (!tests.length && !lanes.length) continue;
    rows.push({ kind: "group", key, label: groupLabel(group), folded: folded.has(key), bars: [] });
    if (group.tests.length) rows.push({ kind: "tests", label: "tests", bars: tests.flatMap(testBars) });
    if (!folded.has(key)) lanes.forEach((own) => rows.push({ kind: "gap", bars: [] }, ...own));
  }
  for (const row of rows) {
    row.bars.sort((one, other) => one.begin - other.begin);
    let latest = -Infinity;
    row.latest = row.bars.map((bar) => (latest = Math.max(latest, bar.end)));
  }
  return rows;
}

function groupLabel(group) {
  const run = report.runs.length > 1 ? `run ${group.run + 1} ` : "";
  const several = report.groups.some((other) => other.run === group.run && other.worker);
  return run + (group.worker || (several ? "shared by all workers" : run ? "" : "this run"));
}

function testBars(test) {
  const bars = [];
  const bar = (kind, begin, end, what) => end > begin && bars.push({ kind, begin, end, test, what });
  let at = test.begin;
  for (const [begin, end] of test.leases) {
    bar("fixture", at, begin, "set-up");
    bar("lease", begin, end, "waiting for services");
    at = Math.max(at, end);
  }
  const setUp = Math.max(at, test.begin + (test.phases?.setup || 0));
  bar("fixture", at, Math.min(setUp, test.end), "set-up");
  bars.push({ kind: test.outcome, begin: Math.min(setUp, test.end), end: test.end, test, what: test.outcome });
  return bars;
}

const TOLD = {
  create: "being created", start: "starting", wait: "waited for", up: "ready, nobody uses it",
  reset: "its state is put back", stop: "being removed",
};

function laneRows(lane, group, visible) {
  const rows = lane.labels.map((label, index) => ({
    kind: "service", label, service: lane.services[index], bars: [], extents: [], bangs: [],
  }));
  const filtered = filter.outcome || filter.text || filter.service;
  for (const stack of lane.stacks) {
    if (filtered && !stack.uses.some(([, , test]) => visible.has(test))) {
      if (!filter.service || filter.outcome || filter.text || stack.uses.length) continue;
    }
    for (const [index, bars, marks] of stack.rows) {
      const row = rows[index];
      row.extents.push([stack.begin, stack.end]);
      for (const [phase, begin, end, note] of bars) {
        const kind = report.phases[phase];
        row.bars.push({ kind, begin, end, note, stack, service: row.service, what: TOLD[kind] });
        if (kind !== "up") continue;
        for (const [from, to, number] of stack.uses) {
          const use = { kind: "use", begin: Math.max(from, begin), end: Math.min(to, end) };
          const test = report.tests[number];
          if (use.end > use.begin) row.bars.push({ ...use, test, stack, service: row.service, what: "in use" });
        }
      }
      for (const [at, text] of marks) row.bangs.push({ kind: "bang", begin: at, end: at, note: text, stack, service: row.service });
    }
  }
  return rows.filter((row) => row.bars.length && (!filter.service || row.service === filter.service));
}

// The bar at a moment, or the nearest within a reach; what is drawn on top wins.
function barAt(row, moment, reach) {
  const bang = (row.bangs || []).find((mark) => Math.abs(mark.begin - moment) <= reach);
  if (bang) return bang;
  let best = null;
  let distance = reach;
  for (let i = firstBar(row, moment - reach); i < row.bars.length && row.bars[i].begin <= moment + reach; i++) {
    const bar = row.bars[i];
    const away = Math.max(bar.begin - moment, moment - bar.end, 0);
    if (away < distance || (away === distance && (bar.kind !== "up" || !best)) || away === 0 && bar.kind !== "up") {
      best = bar;
      distance = away;
    }
  }
  return best;
}

// The place of the first bar that may reach beyond a moment.
function firstBar(row, moment) {
  let low = 0;
  let high = row.bars.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (row.latest[middle] < moment) low = middle + 1;
    else high = middle;
  }
  return low;
}
