// What a hand does to the timeline: zooming, moving, looking at a bar, by mouse, touch and keys.

const CLOSEST = 20; // milliseconds that the window holds at least

function show(from, to) {
  const span = Math.min(Math.max(to - from, Math.min(CLOSEST, timeline.whole)), timeline.whole);
  timeline.from = Math.min(Math.max(from, 0), timeline.whole - span);
  timeline.to = timeline.from + span;
  hideTip();
  drawTimeline();
}

function zoomBy(factor, around = (timeline.from + timeline.to) / 2) {
  show(around - (around - timeline.from) * factor, around + (timeline.to - around) * factor);
}

const moveBy = (part) => {
  const step = (timeline.to - timeline.from) * part;
  show(timeline.from + step, timeline.to + step);
};

function tipOf(bar) {
  const { test, service, stack } = bar;
  const took = bar.kind === "bang" ? `at ${duration(bar.begin)}` : `${duration(bar.end - bar.begin)}, from ${duration(bar.begin)}`;
  const lines = [html("b", {}, service || test.id.split("::").slice(1).join("::") || test.id)];
  lines.push(html("span", {}, bar.what ? `${bar.what}: ${took}` : took));
  if (bar.note) lines.push(html("span", { class: "bad" }, bar.note));
  if (service && test) lines.push(html("div", { class: "muted" }, test.id));
  if (!service && test.message) lines.push(html("span", { class: bad.has(test.outcome) ? "bad" : "muted" }, test.message));
  if (!service) lines.push(html("div", { class: "muted" }, `${test.outcome}; ${duration(test.took)}, of which ${duration(test.waited)} waiting for services`));
  if (stack) lines.push(html("div", { class: "muted mono" }, stack.name));
  return lines;
}

function showTip(bar, x, y) {
  const tip = byId("tip");
  tip.replaceChildren(...tipOf(bar));
  tip.hidden = false;
  const { width, height } = tip.getBoundingClientRect();
  tip.style.left = `${Math.max(Math.min(x + 14, innerWidth - width - 8), 8)}px`;
  tip.style.top = `${y + 18 + height > innerHeight ? Math.max(y - height - 12, 8) : y + 18}px`;
}

const hideTip = () => { byId("tip").hidden = true; };

function startZoom() {
  const { box, body } = timeline;
  byId("zoom-in").onclick = () => zoomBy(0.5);
  byId("zoom-out").onclick = () => zoomBy(2);
  byId("zoom-fit").onclick = () => show(0, timeline.whole);
  let scrolled = 0;
  addEventListener("scroll", () => { scrolled = Date.now(); hideTip(); }, { passive: true });
  box.addEventListener("wheel", (event) => {
    const sideways = event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY);
    const all = timeline.to - timeline.from >= timeline.whole;
    // who scrolls past wants to go on; and what is shown whole gets no smaller
    if (!event.ctrlKey && (Date.now() - scrolled < 300 || (all && (sideways || event.deltaY > 0)))) return;
    event.preventDefault();
    if (sideways) moveBy((event.deltaX || event.deltaY) / 1000);
    else zoomBy(Math.exp(Math.max(Math.min(event.deltaY, 200), -200) / 400), momentAt(event.clientX - box.getBoundingClientRect().left));
  }, { passive: false });
  watchPointer(box, body);
  box.addEventListener("keydown", onKey);
  box.addEventListener("blur", () => { timeline.focus = null; hideTip(); drawTimeline(); });
}

function watchPointer(box, body) {
  let drag = null;
  const fingers = new Map();
  const x = (event) => event.clientX - box.getBoundingClientRect().left;
  box.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    fingers.set(event.pointerId, event.clientX);
    const inAxis = timeline.axis.contains(event.target);
    const mode = fingers.size > 1 ? "pinch" : inAxis ? "window" : event.pointerType === "mouse" && !event.shiftKey ? "select" : "move";
    drag = { mode, x: x(event), from: timeline.from, to: timeline.to, apart: apart(fingers), moved: false };
  });
  box.addEventListener("pointermove", (event) => {
    if (fingers.has(event.pointerId)) fingers.set(event.pointerId, event.clientX);
    if (!drag) return event.pointerType === "mouse" && look(event);
    if (Math.abs(x(event) - drag.x) > 4 && !drag.moved) {
      drag.moved = true;
      box.setPointerCapture(event.pointerId);
    }
    if (drag.moved) onDrag(drag, x(event), fingers, body);
  });
  const end = (event) => {
    fingers.delete(event.pointerId);
    const was = drag;
    drag = null;
    if (!was) return;
    body.querySelector(".select")?.remove();
    if (was.moved && was.mode === "select") show(...[momentAt(was.x), momentAt(x(event))].sort((a, b) => a - b));
    else if (!was.moved && event.type === "pointerup") tap(event, was);
  };
  box.addEventListener("pointerup", end);
  box.addEventListener("pointercancel", end);
  box.addEventListener("pointerleave", () => !drag && hideTip());
}

const apart = (fingers) => Math.max(...fingers.values()) - Math.min(...fingers.values());

function onDrag(drag, x, fingers, body) {
  const perPixel = (drag.to - drag.from) / (timeline.width - left() - 8);
  if (drag.mode === "select") {
    hideTip();
    body.querySelector(".select")?.remove();
    body.append(svg("rect", { class: "select", x: Math.min(x, drag.x), y: 0, width: Math.abs(x - drag.x), height: timeline.height }));
  } else if (drag.mode === "pinch" && fingers.size > 1) {
    const middle = (drag.from + drag.to) / 2;
    const factor = drag.apart / Math.max(apart(fingers), 10);
    show(middle - (middle - drag.from) * factor, middle + (drag.to - middle) * factor);
  } else {
    const shift = drag.mode === "window" ? ((x - drag.x) / (timeline.width - left() - 8)) * timeline.whole : (drag.x - x) * perPixel;
    show(drag.from + shift, drag.to + shift);
  }
}

function under(event) {
  const box = timeline.body.getBoundingClientRect();
  const [x, y] = [event.clientX - box.left, event.clientY - box.top];
  const row = timeline.rows.find((each) => y >= each.y && y < each.y + each.height);
  if (!row || x < left() - 3) return { row };
  const reach = (4 / (timeline.width - left())) * (timeline.to - timeline.from);
  return { row, bar: barAt(row, momentAt(x), reach) };
}

function look(event) {
  const { bar } = under(event);
  if (bar) showTip(bar, event.clientX, event.clientY);
  else hideTip();
}

// A click on a worker folds it, one on a test opens it; a finger first sees what it is.
function tap(event) {
  const { row, bar } = under(event);
  if (row?.kind === "group") {
    if (!timeline.folded.delete(row.key)) timeline.folded.add(row.key);
    layTimeline();
  } else if (bar) {
    const again = timeline.focus?.bar === bar;
    timeline.focus = { row, bar };
    drawTimeline();
    showTip(bar, event.clientX, event.clientY);
    if (bar.test && (event.pointerType === "mouse" || again)) openTest(bar.test.number);
  } else hideTip();
}

function onKey(event) {
  const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -1, ArrowDown: 1 }[event.key];
  const sideways = event.key === "ArrowLeft" || event.key === "ArrowRight";
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "+" || event.key === "=") zoomBy(0.5, focusMoment());
  else if (event.key === "-") zoomBy(2, focusMoment());
  else if (event.key === "0" || event.key === "Home") show(0, timeline.whole);
  else if (event.key === "Escape") { timeline.focus = null; hideTip(); drawTimeline(); }
  else if (event.key === "Enter" && timeline.focus?.bar.test) openTest(timeline.focus.bar.test.number);
  else if (step && event.shiftKey && sideways) moveBy(step * 0.25);
  else if (step) moveFocus(step, sideways);
  else return;
  event.preventDefault();
}

const focusMoment = () => timeline.focus ? (timeline.focus.bar.begin + timeline.focus.bar.end) / 2 : undefined;

function moveFocus(step, sideways) {
  const filled = timeline.rows.filter((row) => row.bars.length);
  if (!filled.length) return;
  const { row, bar } = timeline.focus || {};
  let next = { row: filled[0], bar: filled[0].bars[Math.min(firstBar(filled[0], timeline.from), filled[0].bars.length - 1)] };
  if (row && sideways) next = { row, bar: row.bars[row.bars.indexOf(bar) + step] || bar };
  else if (row) {
    const other = filled[filled.indexOf(row) + step] || row;
    next = { row: other, bar: barAt(other, focusMoment(), Infinity) || other.bars[0] };
  }
  timeline.focus = next;
  if (next.bar.end < timeline.from || next.bar.begin > timeline.to) {
    const half = (timeline.to - timeline.from) / 2;
    show(focusMoment() - half, focusMoment() + half);
  } else drawTimeline();
  const box = timeline.body.getBoundingClientRect();
  showTip(next.bar, box.left + Math.max(xOf(next.bar.begin), left()), box.top + next.row.y + next.row.height - 8);
}
