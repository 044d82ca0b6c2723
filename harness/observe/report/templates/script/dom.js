"use strict";
// Making elements. Text is always set as text, never as markup: what is shown was written by others.

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name === "style") for (const [key, set] of Object.entries(value)) element.style.setProperty(key, set);
    else if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(9).filter((child) => child !== null && child !== undefined && child !== ""));
  return element;
}

const html = (tag, attributes, ...children) => fill(document.createElement(tag), attributes, children);
const svg = (tag, attributes, ...children) =>
  fill(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
const byId = (id) => document.getElementById(id);

// As page.py's duration has it; milliseconds in.
function duration(ms) {
  const seconds = ms / 1000;
  if (seconds < 0.0995) return `${Math.round(ms)} ms`;
  if (seconds < 59.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  const minutes = Math.floor(whole / 60);
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

// A list that shows its first items, and more of them when asked.
function paged(items, size, draw) {
  const list = html("div");
  const more = html("button", { type: "button", class: "more", onclick: () => add() });
  let shown = 0;
  function add() {
    list.append(...items.slice(shown, shown + size).map(draw));
    shown = Math.min(shown + size, items.length);
    more.hidden = shown === items.length;
    more.textContent = `show ${Math.min(size, items.length - shown)} more of ${items.length}`;
  }
  add();
  return [list, more];
}
