/**
 * The report's own program, as text: it runs in the reader's browser, without any library, and puts
 * text into the page only as text. Its parts are functions of the page's data; see `PageTrace`.
 */
import { REPORT_WATCH } from "./report-watch.ts";

const STATE = `
'use strict';
const DATA = JSON.parse(document.getElementById('data').textContent);
const $ = (id) => document.getElementById(id);
const make = (tag, cls, text) => {
  const e = document.createElement(tag);
  if (cls) e.className = cls;
  if (text !== undefined) e.textContent = text;
  return e;
};
/* Code breaks where a C programmer would break it, when it has to. */
const breakable = (e, text) => {
  text.split(/(?=->)|(?<=->)|(?<=[_(,.[])/).forEach((part, i, all) => {
    if (i > 0 && all[i - 1] !== '->') e.append(make('wbr'));
    e.append(part === '->' ? make('span', 'op', part) : part);
  });
  return e;
};
const link = (l) => {
  const a = make('a', '', l.text);
  a.href = l.href;
  a.rel = 'noreferrer';
  return a;
};
let id = '';
let trace = null;
let states = [];
let current = 0;
let watches = [];
/* The reader has begun to step: keep the step in sight from now on. */
let moved = false;

function statesOf(t) {
  const list = [new Map(t.initial)];
  for (const step of t.steps) {
    const next = new Map(list[list.length - 1]);
    for (const c of step.changes) next.set(c.name, c.to);
    list.push(next);
  }
  return list;
}
`;

const LANES = String.raw`
function drawLanes() {
  const head = make('tr');
  head.append(make('th', '', '#'));
  for (const lane of trace.lanes) {
    head.append(make('th'));
    const th = make('th', '', lane.name);
    if (lane.doc) th.append(make('small', '', lane.doc));
    head.append(th);
  }
  head.append(make('th', '', 'changes'));
  $('lanes-head').replaceChildren(head);
  const rows = trace.steps.map(laneRow);
  if (trace.blocked.length > 0) rows.push(blockedRow());
  $('lanes-body').replaceChildren(...rows);
}

/* Exclusive: solid; shared: two rails. */
function paint(bar, color, shared) {
  if (shared) bar.style.cssText = 'border:0 solid ' + color + ';border-width:0 3px';
  else bar.style.background = color;
}

function drawLegend() {
  const out = [];
  const seen = new Set();
  for (const hold of trace.holds) {
    const text = hold.name + (hold.shared ? ' (shared)' : '');
    if (seen.has(text)) continue;
    seen.add(text);
    const bar = make('i');
    paint(bar, hold.color, hold.shared);
    out.push(bar, text);
  }
  if (out.length > 0) out.unshift('locks held:');
  $('legend').replaceChildren(...out);
}

function holdCell(pid, row, last) {
  const td = make('td', 'hold');
  const mine = trace.holds.filter((h) => h.pid === pid);
  const slots = Math.max(0, ...mine.map((h) => h.slot + 1));
  for (let slot = 0; slot < slots; slot++) {
    const bar = make('i');
    const hold = mine.find((h) => h.slot === slot && h.from <= row && row <= h.to);
    if (hold) {
      paint(bar, hold.color, hold.shared);
      bar.title = hold.name + (hold.shared ? ', held shared' : ', held exclusively');
    }
    td.append(bar);
  }
  return td;
}

function laneRow(step) {
  const tr = make('tr');
  tr.dataset.step = step.number;
  const loops = trace.loopFrom > 0 && step.number >= trace.loopFrom;
  tr.append(make('td', 'num', (loops ? '\u21bb ' : '') + step.number));
  const violates = trace.headline && step.number === trace.steps.length && !trace.blocked.length;
  for (const lane of trace.lanes) {
    tr.append(holdCell(lane.pid, step.number));
    const td = make('td', lane.pid === step.pid ? 'lane' : '');
    if (lane.pid === step.pid) {
      const kind = violates && !trace.loopFrom ? ' viol' : step.cause ? ' cause' : '';
      const box = breakable(make('span', 'ev' + kind), step.text);
      for (const n of step.notes) box.append(breakable(make('span', 'note'), n));
      td.append(box);
    }
    tr.append(td);
  }
  const changes = make('td', 'chg');
  for (const c of step.changes) {
    const line = make('div', c.watched ? 'hot' : '');
    breakable(line, (c.watched ? '* ' : '') + c.name + ': ');
    line.append(c.from + ' \u2192 ', make('b', '', c.to));
    changes.append(line);
  }
  tr.append(changes);
  tr.onclick = () => go(step.number);
  return tr;
}

function blockedRow() {
  const tr = make('tr');
  tr.dataset.step = trace.steps.length;
  tr.append(make('td', 'num', '\u2026'));
  for (const lane of trace.lanes) {
    tr.append(holdCell(lane.pid, trace.steps.length + 1));
    const td = make('td', 'lane');
    for (const b of trace.blocked.filter((x) => x.pid === lane.pid)) {
      const box = breakable(make('span', 'ev stuck'), b.text);
      box.append(breakable(make('span', 'note'), b.note));
      td.append(box);
    }
    tr.append(td);
  }
  tr.append(make('td', 'chg'));
  tr.onclick = () => go(trace.steps.length);
  return tr;
}
`;

const DIFF = String.raw`
/* mm.pte[page0].frame: mm, then pte, then [page0], then frame. */
function parts(name) {
  return name.match(/\[[^\]]*\]|[^.[]+/g) || [name];
}

function tree() {
  const root = { kids: new Map() };
  const filter = $('filter').value.toLowerCase();
  for (const name of states[0].keys()) {
    const before = states[Math.max(0, current - 1)].get(name);
    const now = states[current].get(name);
    const changed = current > 0 && before !== now;
    if (filter && !name.toLowerCase().includes(filter)) continue;
    if ($('changed').checked && !changed) continue;
    let node = root;
    for (const part of parts(name)) {
      if (!node.kids.has(part)) node.kids.set(part, { kids: new Map(), changed: false });
      node = node.kids.get(part);
      node.changed = node.changed || changed;
    }
    node.leaf = { name, before, now, changed };
  }
  return root;
}

/* Chains of groups with a single member share a line. */
function drawNode(label, node, depth, out) {
  let text = label;
  while (!node.leaf && node.kids.size === 1) {
    const [key, kid] = [...node.kids][0];
    text += (key[0] === '[' ? '' : '.') + key;
    node = kid;
  }
  const tr = make('tr');
  const first = make('td', '', text);
  first.style.paddingLeft = 6 + depth * 12 + 'px';
  tr.append(first);
  if (node.leaf) {
    const { name, before, now, changed } = node.leaf;
    tr.className = (changed ? 'hot ' : '') + (trace.watched.includes(name) ? 'w' : '');
    first.title = name;
    tr.append(make('td', '', changed ? before : ''), make('td', '', now));
  } else {
    tr.className = 'group' + (node.changed ? ' in' : '');
    tr.append(make('td'), make('td'));
  }
  out.push(tr);
  for (const [key, kid] of node.kids) drawNode(key, kid, depth + 1, out);
}

function drawState() {
  const out = [];
  for (const [key, kid] of tree().kids) drawNode(key, kid, 0, out);
  if (out.length === 0) {
    const tr = make('tr');
    tr.append(make('td', '', current === 0 ? 'initial state' : 'nothing to show'));
    out.push(tr);
  }
  $('state').replaceChildren(...out);
}
`;

const CONTROL = String.raw`
function drawStep() {
  const step = trace.steps[current - 1];
  const out = [];
  if (step) {
    const lane = trace.lanes.find((l) => l.pid === step.pid);
    out.push((lane ? lane.name : '') + ' at ' + step.label + ' ');
    if (step.source) {
      const text = step.source.file + ':' + step.source.line;
      out.push(step.source.href ? link({ text, href: step.source.href }) : text, ' ');
    }
    for (const k of step.kernel) out.push(link(k), ' ');
  } else out.push('initial state');
  $('where').replaceChildren(...out);
  drawSource(step && step.source);
}

/* The file around the step's line; of a step that comes from nowhere, the pane marks no line. */
function drawSource(place) {
  const pane = $('source');
  for (const line of pane.querySelectorAll('.here')) line.className = '';
  if (!place || !Object.hasOwn(DATA.sources, place.file)) return;
  $('source-pane').hidden = false;
  if (pane.dataset.file !== place.file) {
    pane.dataset.file = place.file;
    $('source-name').textContent = place.file;
    const lines = DATA.sources[place.file].split('\n').map((text, i) => {
      const line = make('div', '', text);
      line.dataset.line = i + 1;
      return line;
    });
    pane.replaceChildren(...lines);
  }
  const here = pane.children[place.line - 1];
  if (!here) return;
  here.className = 'here';
  pane.scrollTop = here.offsetTop - pane.clientHeight / 3;
}

function go(n) {
  current = Math.max(0, Math.min(trace.steps.length, n));
  $('slider').value = current;
  $('count').textContent = 'step ' + current + ' of ' + trace.steps.length;
  for (const tr of $('lanes-body').children) {
    const i = Number(tr.dataset.step);
    tr.classList.toggle('future', i > current);
    tr.classList.toggle('cur', i === current);
    if (i === current) tr.setAttribute('aria-current', 'step');
    else tr.removeAttribute('aria-current');
    if (i === current && moved) {
      tr.scrollIntoView({ block: 'nearest', inline: 'nearest' });
      showLane(tr.querySelector('.lane'));
    }
  }
  moved = true;
  drawState();
  drawStep();
  drawWatches();
  const hash = '#' + encodeURIComponent(id) + '/step=' + current;
  if (location.hash !== hash) history.replaceState(null, '', hash);
}

/* Wide traces scroll sideways, under the changes. */
function showLane(cell) {
  if (!cell) return;
  const box = document.querySelector('.lanes');
  const changes = box.querySelector('thead th:last-child').offsetWidth;
  const right = cell.offsetLeft + cell.offsetWidth - (box.clientWidth - changes);
  if (cell.offsetLeft < box.scrollLeft) box.scrollLeft = cell.offsetLeft - 40;
  else if (right > box.scrollLeft) box.scrollLeft = right;
}

function show(key, step) {
  if (!Object.hasOwn(DATA.traces, key)) return;
  id = key;
  trace = DATA.traces[key];
  states = statesOf(trace);
  const seeded = trace.watch && !watchValue(trace.watch, states[0]).startsWith('? ');
  watches = seeded ? [trace.watch] : [];
  $('viewer').hidden = false;
  $('title').textContent = trace.title;
  const told = [trace.headline || 'no violation', ...trace.about].join('\n');
  $('verdict').textContent = told;
  $('verdict').classList.toggle('ok', !trace.headline);
  $('ladder').textContent = trace.ladder;
  $('slider').max = trace.steps.length;
  for (const tr of document.querySelectorAll('tr[data-run]')) {
    tr.classList.toggle('sel', tr.dataset.run === key.replace(/#.*/, ''));
  }
  drawLanes();
  drawLegend();
  moved = false;
  go(step);
  const bar = document.querySelector('.bar').offsetHeight;
  document.documentElement.style.setProperty('--bar', bar + 'px');
}

function fromHash() {
  const m = /^#(.*)\/step=(\d+)$/.exec(location.hash);
  if (m) show(decodeURIComponent(m[1]), Number(m[2]));
}

async function copyLadder() {
  try {
    await navigator.clipboard.writeText(trace.ladder);
  } catch {
    const range = document.createRange();
    $('ladder-box').open = true;
    range.selectNodeContents($('ladder'));
    getSelection().removeAllRanges();
    getSelection().addRange(range);
    document.execCommand('copy');
  }
  $('copied').textContent = 'copied';
  setTimeout(() => ($('copied').textContent = ''), 2000);
}

$('slider').oninput = () => go(Number($('slider').value));
$('prev').onclick = () => go(current - 1);
$('next').onclick = () => go(current + 1);
$('copy').onclick = copyLadder;
$('filter').oninput = $('changed').onchange = drawState;
$('watch-form').onsubmit = (event) => {
  event.preventDefault();
  const text = $('watch').value.trim();
  if (text) watches.push(text);
  $('watch').value = '';
  drawWatches();
};
addEventListener('keydown', (e) => {
  if (!trace || e.ctrlKey || e.metaKey || e.altKey) return;
  if (e.target.matches('input[type=search],input[type=text]')) return;
  const keys = { ArrowRight: 1, j: 1, ArrowLeft: -1, k: -1, Home: -1e9, End: 1e9 };
  if (!Object.hasOwn(keys, e.key)) return;
  e.preventDefault();
  go(current + keys[e.key]);
});
addEventListener('hashchange', () => {
  fromHash();
  $('viewer').scrollIntoView();
});
fromHash();
if (!trace) {
  const first = DATA.traces[DATA.first];
  if (first) show(DATA.first, first.headline ? first.steps.length : 0);
}
`;

export const REPORT_SCRIPT = STATE + LANES + DIFF + REPORT_WATCH + CONTROL;
