// Drawing the timeline: the rows within a window of time, as a few paths, whatever their number.

const timeline = { rows: [], folded: new Set(), from: 0, to: 1, whole: 1, focus: null, width: 0 };
const ROW = { group: 24, tests: 20, service: 14, gap: 7 };
const FOLD_ROWS = 160;
const AXIS = 30;
const DENSE = 3; // pixels that a bar has at least, on average, to be drawn as one
const COLUMN = 3;
const SHARE_ORDER = ["wait", "lease", "start", "create", "reset", "use", "fixture", "stop", "up"];

function startTimeline() {
  timeline.box = byId("timeline");
  timeline.axis = svg("svg", { class: "axis", height: AXIS, "aria-hidden": "true" });
  timeline.body = svg("svg", { "aria-hidden": "true" });
  timeline.box.append(timeline.axis, timeline.body);
  timeline.whole = Math.max(1, ...report.runs.map((run) => run.took));
  timeline.to = timeline.whole;
  const rows = report.groups.flatMap((group) => group.lanes).reduce((sum, lane) => sum + lane.labels.length, 0);
  if (rows > FOLD_ROWS)
    report.groups.forEach((group) => timeline.folded.add(`${group.run}/${group.worker}`));
  filter.listeners.push(layTimeline);
  new ResizeObserver(() => timeline.box.clientWidth !== timeline.width && layTimeline()).observe(timeline.box);
  layTimeline();
}

const left = () => (timeline.width < 600 ? 74 : 132);
const xOf = (moment) => left() + ((moment - timeline.from) / (timeline.to - timeline.from)) * (timeline.width - left() - 8);
const momentAt = (x) => timeline.from + ((x - left()) / (timeline.width - left() - 8)) * (timeline.to - timeline.from);

// Rows anew: after a change of the filter, of what is folded, or of the width.
function layTimeline() {
  timeline.width = timeline.box.clientWidth;
  timeline.rows = timelineRows(timeline.folded);
  let y = 2;
  for (const row of timeline.rows) {
    row.y = y;
    row.height = ROW[row.kind];
    y += row.height;
  }
  timeline.height = y + 4;
  timeline.focus = null;
  drawTimeline();
}

function drawTimeline() {
  const { width, height } = timeline;
  timeline.body.setAttribute("height", height);
  const grid = ticks();
  timeline.axis.replaceChildren(
    svg("rect", { class: "whole", x: left(), y: 0, width: width - left() - 8, height: 5 }),
    svg("rect", { class: "window", ...overview() }),
    ...grid.map(([x, label]) => svg("text", { x, y: 22, "text-anchor": x > width - 30 ? "end" : "middle" }, label)),
  );
  const paths = new Map();
  const bangs = [];
  const dense = meanWidth() < DENSE;
  byId("dense").hidden = !dense;
  for (const row of timeline.rows) drawRow(row, dense, paths, bangs);
  const lines = grid.map(([x]) => `M${x.toFixed(1)} 0V${height}`).join("");
  const order = ["extent", "up", "use", "create", "start", "wait", "reset", "stop", "fixture", "lease"];
  const rank = (kind) => order.indexOf(kind) + 1 || order.length + 1;
  const kinds = [...paths.keys()].sort((one, other) => rank(one) - rank(other));
  timeline.body.replaceChildren(
    svg("path", { class: "grid", d: lines }),
    ...kinds.map((kind) => svg("path", { class: kind === "extent" ? kind : `bar-${kind}`, d: paths.get(kind).join("") })),
    ...(bangs.length ? [svg("path", { class: "bang", d: bangs.join("") })] : []),
    svg("rect", { class: "gutter", x: 0, y: 0, width: left() - 4, height }),
    ...timeline.rows.filter((row) => row.label).map(labelOf),
    ...(timeline.focus ? [focusBox()] : []),
  );
}

function labelOf(row) {
  const limit = Math.floor((left() - 14) / (row.kind === "group" ? 6.6 : 6));
  const group = row.kind === "group";
  const short = row.label.length > limit && !group ? `${row.label.slice(0, limit - 1)}…` : row.label;
  const text = group ? `${row.folded ? "▸" : "▾"} ${short}` : short;
  const y = row.y + row.height / 2 + 4;
  return svg("text", { x: group ? 8 : left() - 10, y, class: group ? "group" : "label", "text-anchor": group ? "start" : "end", "data-key": row.key }, text, svg("title", {}, row.label));
}

// How wide a bar is on average, in pixels, of all that are in the window.
function meanWidth() {
  let [count, sum] = [0, 0];
  for (const row of timeline.rows)
    for (let i = firstBar(row, timeline.from); i < row.bars.length && row.bars[i].begin <= timeline.to; i++) {
      count += 1;
      sum += row.bars[i].end - row.bars[i].begin;
    }
  return count ? (sum / count / (timeline.to - timeline.from)) * timeline.width : Infinity;
}

function drawRow(row, dense, paths, bangs) {
  const put = (kind, x0, x1, y0, y1) => {
    if (!paths.has(kind)) paths.set(kind, []);
    paths.get(kind).push(`M${x0.toFixed(1)} ${y0}H${x1.toFixed(1)}V${y1}H${x0.toFixed(1)}Z`);
  };
  const first = firstBar(row, timeline.from);
  let last = first;
  while (last < row.bars.length && row.bars[last].begin <= timeline.to) last++;
  const bars = row.bars.slice(first, last);
  if (dense) drawShares(row, bars, put);
  else drawBars(row, bars, put);
  for (const mark of row.bangs || []) {
    if (mark.begin < timeline.from || mark.begin > timeline.to) continue;
    const x = xOf(mark.begin).toFixed(1);
    bangs.push(`M${x} ${row.y + row.height - 1}l-5 -9h10z`);
  }
}

// Bars of one kind that lie within a pixel of each other are drawn as one.
function drawBars(row, bars, put) {
  const edge = [left() - 2, timeline.width - 4];
  const open = new Map();
  const flush = (kind) => {
    const { x0, x1 } = open.get(kind);
    const inset = kind === "up" || kind === "error-note" ? 5 : row.kind === "tests" ? 3 : 2;
    put(kind, x0, Math.max(x1, x0 + 0.8), row.y + inset, row.y + row.height - inset);
  };
  const add = (kind, begin, end) => {
    if (end < timeline.from || begin > timeline.to) return;
    const x0 = Math.max(xOf(begin), edge[0]);
    const x1 = Math.min(xOf(end), edge[1]);
    const last = open.get(kind);
    if (last && x0 <= last.x1 + 0.4 && row.kind !== "tests") last.x1 = Math.max(last.x1, x1);
    else if (last && x0 <= last.x0 + 0.8) last.x1 = Math.max(last.x1, x1);
    else {
      if (last) flush(kind);
      open.set(kind, { x0, x1: row.kind === "tests" && x1 - x0 > 3 ? x1 - 1 : x1 });
    }
  };
  (row.extents || []).forEach(([begin, end]) => {
    if (end < timeline.from || begin > timeline.to) return;
    const [x0, x1] = [Math.max(xOf(begin), edge[0]), Math.min(xOf(end), edge[1])];
    if (x1 - x0 > 3) put("extent", x0, x1, row.y, row.y + row.height);
  });
  for (const bar of bars) {
    add(bar.kind, bar.begin, bar.end);
    if (bar.note) add("error-note", bar.begin, bar.end);
  }
  for (const kind of open.keys()) flush(kind);
}

// More bars than there is room for: each column shows how its time was shared out, from the bottom
// what is waited for; a test that failed is a line through all of it.
function drawShares(row, bars, put) {
  const columns = Math.ceil((timeline.width - left() - 8) / COLUMN);
  const each = ((timeline.to - timeline.from) * COLUMN) / (timeline.width - left() - 8);
  const shares = new Map();
  const failed = [];
  for (const bar of bars) {
    if (bad.has(bar.kind)) failed.push(bar);
    if (!shares.has(bar.kind)) shares.set(bar.kind, new Float32Array(columns));
    const own = shares.get(bar.kind);
    const last = Math.min(Math.floor((bar.end - timeline.from) / each), columns - 1);
    for (let column = Math.max(Math.floor((bar.begin - timeline.from) / each), 0); column <= last; column++) {
      const from = timeline.from + column * each;
      own[column] += Math.min(bar.end, from + each) - Math.max(bar.begin, from);
    }
  }
  const [up, use] = [shares.get("up"), shares.get("use")];
  if (up && use) use.forEach((share, column) => { up[column] = Math.max(up[column] - share, 0); });
  const foot = row.y + row.height - 1;
  const top = new Float32Array(columns).fill(0);
  for (const kind of [...SHARE_ORDER, ...SEVERITY].filter((name) => shares.has(name)))
    shares.get(kind).forEach((share, column) => {
      const high = Math.min(Math.round((share / each) * (row.height - 2) * 2) / 2, row.height - 2 - top[column]);
      if (high <= 0) return;
      const x = left() + column * COLUMN;
      put(kind, x, x + COLUMN, foot - top[column] - high, foot - top[column]);
      top[column] += high;
    });
  for (const bar of failed) put("fell", xOf(bar.end) - 1, xOf(bar.end) + 1, row.y + 1, foot);
}

function ticks() {
  const room = (timeline.width - left()) / (timeline.width < 600 ? 70 : 110);
  const least = (timeline.to - timeline.from) / room;
  const steps = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 15e3, 3e4, 6e4, 12e4, 3e5, 6e5, 12e5, 18e5, 36e5];
  const step = steps.find((size) => size >= least) || 72e5;
  const found = [];
  for (let at = Math.ceil(timeline.from / step) * step; at <= timeline.to; at += step) found.push([xOf(at), tickLabel(at, step)]);
  return found;
}

function tickLabel(at, step) {
  if (step < 1000) return `${(at / 1000).toFixed(step < 10 ? 3 : step < 100 ? 2 : 1)} s`;
  const seconds = Math.round(at / 1000);
  if (timeline.to < 60e3) return `${seconds} s`;
  const pad = (number) => String(number).padStart(2, "0");
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  return `${hours ? `${hours}:${pad(minutes)}` : minutes}:${pad(seconds % 60)}`;
}

function overview() {
  const span = timeline.width - left() - 8;
  const x = left() + (timeline.from / timeline.whole) * span;
  return { x, y: 0, width: Math.max(((timeline.to - timeline.from) / timeline.whole) * span, 4), height: 5 };
}

function focusBox() {
  const { row, bar } = timeline.focus;
  const [x0, x1] = [Math.max(xOf(bar.begin), left() - 2), Math.min(xOf(bar.end), timeline.width - 4)];
  return svg("rect", { class: "focus", x: x0 - 1.5, y: row.y, width: Math.max(x1 - x0, 1) + 3, height: row.height, rx: 2 });
}
