// SPDX-License-Identifier: Apache-2.0
'use strict';

const $ = id => document.getElementById(id);
const colour = name => getComputedStyle(document.documentElement).getPropertyValue('--' + name).trim();
const minus = text => text.replace('-', '−');

/** A duration with the unit that suits it: three digits. */
function duration(seconds) {
  if (seconds === null || seconds === undefined) return '–';
  const size = Math.abs(seconds);
  const [factor, unit] = size >= 1 ? [1, 's'] : size >= 1e-3 ? [1e3, 'ms'] : size >= 1e-6 ? [1e6, 'µs'] : [1e9, 'ns'];
  const value = seconds * factor;
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return minus((size === 0 ? '0' : value.toFixed(digits))) + ' ' + unit;
}
const signed = seconds => (seconds > 0 ? '+' : '') + duration(seconds);

function span(seconds) {
  if (seconds < 120) return seconds.toFixed(seconds < 10 ? 1 : 0) + ' s';
  if (seconds < 7200) return Math.floor(seconds / 60) + ' min';
  return seconds < 172800 ? Math.floor(seconds / 3600) + ' h' : Math.floor(seconds / 86400) + ' days';
}

// --- The clock ---

let sample = null;
let receivedAt = 0;

function tickClock() {
  if (sample && sample.time !== undefined) {
    const now = sample.time * 1000 + performance.now() - receivedAt;
    const iso = new Date(now).toISOString();
    if ($('clock').dataset.at !== iso) {
      $('clock').dataset.at = iso;
      $('clock').firstChild.data = iso.slice(11, 19);
      $('clock').lastChild.textContent = iso.slice(19, 23);
      $('date').textContent = new Date(now).toLocaleDateString('en-GB',
        {weekday: 'long', day: 'numeric', month: 'long', year: 'numeric', timeZone: 'UTC'}) + ', UTC';
    }
    document.body.classList.toggle('stale', !sample.valid || performance.now() - receivedAt > 5000);
  }
  requestAnimationFrame(tickClock);
}

/** Seconds of the minute with nine digits, of nanoseconds that no double can hold. */
function secondsOf(unixNanos) {
  const minute = 60n * 1000000000n;
  const nanos = ((unixNanos % minute) + minute) % minute;
  return String(nanos / 1000000000n).padStart(2, '0') + '.' + String(nanos % 1000000000n).padStart(9, '0');
}

function showNumbers() {
  const s = sample;
  $('state').textContent = s.state;
  $('state').className = 'badge ' + ({READY: 'good', 'WARMING UP': 'warn', HOLDOVER: 'warn'}[s.state] || 'bad');
  document.title = s.state + ' · ChronoTick';
  $('waiting').hidden = !s.waiting_for;
  $('waiting-for').textContent = s.waiting_for ? 'waiting for ' + s.waiting_for : '';
  $('progress').hidden = s.progress >= 1;
  $('progress').value = s.progress;
  if (s.time === undefined) return;
  $('bound').textContent = s.valid ? '± ' + duration(s.bound) : 'no valid time';
  const middle = BigInt(s.unix_ns);
  const half = BigInt(Math.ceil((s.bound || 0) * 1e9));
  $('ends').textContent = s.valid
    ? 'between second ' + secondsOf(middle - half) + ' and ' + secondsOf(middle + half) : '';
  $('offset').textContent = signed(s.offset);
  $('uncertainty').textContent = '± ' + duration(s.uncertainty);
  $('drift').textContent = minus((s.drift * 1e6).toFixed(3)) + ' ppm';
  $('source').textContent = s.source.replace('_', ' ').toLowerCase();
  $('weights').textContent = s.source === 'FUSION'
    ? 'short-term ' + Math.round(100 * s.short_term_weight) + ' %, long-term ' + Math.round(100 * (1 - s.short_term_weight)) + ' %'
    : 'source';
  for (const learned of s.learned) $('weights').textContent += '; ' + learned;
  $('confidence').textContent = Math.round(s.confidence * 100) + ' %';
  $('age').textContent = 'confidence; ' + s.measurements.toLocaleString('en') + ' answers';
  $('about').textContent = 'Running for ' + span(s.uptime) + (s.authenticated ? ', authenticated' : '')
    + ', writer ' + duration(s.latency_ms / 1e3);
  $('calibration').textContent = 'Calibration: the model’s own deviation × ' + s.calibration.toFixed(2) + '.';
  for (const name of ['offset', 'uncertainty', 'bound', 'drift', 'source', 'measurements', 'state', 'confidence', 'unix_ns']) {
    document.body.dataset[name] = s[name];
  }
}

// --- Servers ---

function add(parent, tag, className, text) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  parent.append(element);
  return element;
}

const WORDS = {selected: 'agrees', falseticker: 'falseticker', candidate: 'not judged yet', unreachable: 'no answer',
  denied: 'refuses', unauthenticated: 'not authenticated', smearing: 'smears'};

function showServers() {
  const selected = sample.sources.filter(each => each.state === 'selected' && each.half_width !== null);
  $('agree').textContent = selected.length + ' of ' + sample.sources.length;
  const reach = Math.max(1e-6, sample.bound || 0, ...selected.map(each => Math.abs(each.offset) + each.half_width)) * 1.15;
  const place = seconds => 50 + 50 * Math.max(-1, Math.min(1, seconds / reach));
  $('servers').replaceChildren();
  for (const each of sample.sources) {
    const row = add($('servers'), 'div', 'server ' + each.state);
    const name = add(row, 'div', 'name');
    add(name, 'b', '', each.name);
    const word = add(name, 'small', 'word', WORDS[each.state] || each.state);
    word.textContent += each.stratum ? ', stratum ' + each.stratum : '';
    word.textContent += each.nts ? ', NTS' : '';
    const range = add(row, 'div', 'range');
    if (sample.bound) {
      const agreed = add(range, 'i', 'agreed');
      agreed.style.left = place(-sample.bound) + '%';
      agreed.style.right = 100 - place(sample.bound) + '%';
    }
    add(range, 'i', 'zero').style.left = '50%';
    const isNear = each.half_width !== null && Math.abs(each.offset) - each.half_width < reach;
    if (isNear) {
      const interval = add(range, 'i', 'interval');
      interval.style.left = place(each.offset - each.half_width) + '%';
      interval.style.right = 100 - place(each.offset + each.half_width) + '%';
      if (Math.abs(each.offset) < reach) add(range, 'i', 'middle').style.left = place(each.offset) + '%';
    } else if (each.half_width !== null) {
      add(range, 'i', 'away', each.offset > 0 ? '▸' : '◂').style[each.offset > 0 ? 'right' : 'left'] = 0;
    }
    const numbers = add(row, 'div', 'numbers');
    add(numbers, 'div', '', each.half_width === null ? '–' : signed(each.offset) + ' ± ' + duration(each.half_width));
    add(numbers, 'small', '', each.age === null ? 'poll ' + span(each.poll)
      : 'delay ' + duration(each.delay) + ', ' + span(Math.max(0, each.age)) + ' ago');
  }
  $('axis-left').textContent = signed(-reach);
  $('axis-right').textContent = signed(reach);
}

// --- History: time, offset, uncertainty, bound, drift ---

const STEPS = [1, 10, 60];
const LENGTHS = [600, 720, 1440];
let columns = [[[], [], [], [], []], [[], [], [], [], []], [[], [], [], [], []]];
const pending = [null, [], []];
let range = 0;
let offsetPlot = null;
let surePlot = null;

function append(index, row) {
  columns[index].forEach((column, i) => {
    column.push(row[i]);
    if (column.length > LENGTHS[index]) column.shift();
  });
}

function remember(s) {
  const row = s.valid ? [s.time, s.offset, s.uncertainty, s.bound, s.drift] : [s.time, null, null, null, null];
  append(0, row);
  for (const index of [1, 2]) {
    pending[index].push(row);
    if (pending[index].length === STEPS[index]) {
      const worst = i => pending[index].some(r => r[i] === null) ? null : Math.max(...pending[index].map(r => r[i]));
      append(index, [row[0], row[1], worst(2), worst(3), row[4]]);
      pending[index] = [];
    }
  }
}

/** The unit for numbers up to this size. */
function unit(largest) {
  return largest >= 1 ? [1, 's'] : largest >= 1e-3 ? [1e3, 'ms'] : largest >= 1e-6 ? [1e6, 'µs'] : [1e9, 'ns'];
}

function straightened(times, offsets) {
  const known = offsets.map((y, i) => [times[i], y]).filter(p => p[1] !== null);
  if (!$('straight').checked || known.length < 3) return offsets;
  const t0 = known[0][0];
  const n = known.length;
  let sx = 0, sy = 0, sxx = 0, sxy = 0;
  for (const [t, y] of known) { sx += t - t0; sy += y; sxx += (t - t0) ** 2; sxy += (t - t0) * y; }
  const slope = (n * sxy - sx * sy) / (n * sxx - sx * sx);
  return offsets.map((y, i) => y === null ? null : y - slope * (times[i] - t0) - (sy - slope * sx) / n);
}

/** The powers of ten between two numbers. */
function decades(u, axis, min, max) {
  const list = [];
  for (let exponent = Math.ceil(Math.log10(min) - 1e-9); exponent <= Math.log10(max) + 1e-9; exponent++) list.push(10 ** exponent);
  return list;
}

function axes(label, log) {
  const base = {stroke: colour('soft'), grid: {stroke: colour('line'), width: 1}, ticks: {stroke: colour('line')},
    font: '11px system-ui, "DejaVu Sans", sans-serif'};
  const clock = t => new Date(t * 1000).toISOString();
  return [
    {...base, space: 70, size: 26, values: (u, ts) => ts.map(t => clock(t).slice(11, u.scales.x.max - u.scales.x.min < 1200 ? 19 : 16))},
    {...base, size: 64, ...(log ? {splits: decades} : {}), values: (u, vs) => vs.map(v => log
      ? duration(v).replace(/\.0+ /, ' ') : minus(String(+v.toPrecision(6))) + ' ' + label)}];
}

function plot(target, series, bands, scales, label, log, data) {
  const box = $(target);
  return new uPlot({width: box.clientWidth - 16, height: 238, legend: {show: false}, cursor: {y: false},
    series: [{}, ...series], bands, scales: {x: {time: false}, ...scales}, axes: axes(label, log)}, data, box);
}

function drawHistory() {
  const [times, offsets, uncertainties, bounds] = columns[range];
  const line = straightened(times, offsets);
  const largest = Math.max(0, ...line.map((y, i) => y === null ? 0 : Math.abs(y) + (bounds[i] || 0)));
  const [factor, label] = unit(largest);
  const scaled = list => list.map(y => y === null ? null : y * factor);
  const shifted = sign => line.map((y, i) => y === null || bounds[i] === null ? null : y + sign * bounds[i]);
  const offsetData = [times, scaled(shifted(1)), scaled(shifted(-1)), scaled(line)];
  const sureData = [times, bounds, uncertainties];
  const key = label + colour('paper') + $('offset-plot').clientWidth;
  if (offsetPlot && offsetPlot.key === key) {
    offsetPlot.setData(offsetData);
    surePlot.setData(sureData);
    return;
  }
  if (offsetPlot) { offsetPlot.destroy(); surePlot.destroy(); }
  const edge = {stroke: 'transparent', points: {show: false}};
  offsetPlot = plot('offset-plot', [edge, edge, {stroke: colour('accent'), width: 1.5, points: {show: false}}],
    [{series: [1, 2], fill: colour('band')}], {}, label, false, offsetData);
  offsetPlot.key = key;
  surePlot = plot('sure-plot', [{stroke: colour('accent'), width: 1.5, points: {show: false}},
    {stroke: colour('good'), width: 1.5, points: {show: false}}], [], {y: {distr: 3}}, '', true, sureData);
}

// --- Delays ---

const points = [];

function drawScatter() {
  const box = $('scatter');
  const width = box.clientWidth - 16;
  const height = 238;
  const svg = 'http://www.w3.org/2000/svg';
  const root = document.createElementNS(svg, 'svg');
  root.setAttribute('viewBox', `0 0 ${width} ${height}`);
  const draw = (tag, attributes, text) => {
    const element = document.createElementNS(svg, tag);
    for (const name in attributes) element.setAttribute(name, attributes[name]);
    if (text) element.textContent = text;
    root.append(element);
  };
  const agreeing = new Set(sample ? sample.sources.filter(s => s.state === 'selected').map(s => s.name.replace(/#\d+$/, '')) : []);
  const shown = points.filter(p => agreeing.has(p[0]));
  if (shown.length > 1) {
    // Beyond the 98th percentile lies what would hide the rest.
    const sorted = shown.map(p => p[2]).sort((a, b) => a - b);
    const base = sorted[0];
    const longest = Math.max(sorted[Math.floor(0.98 * (sorted.length - 1))], base + 1e-7);
    const room = (longest - base) * 0.08;
    const top = (longest - base) / 2 + 1e-8;
    const x = delay => 66 + (width - 80) * (delay - base + room) / (longest - base + 2 * room);
    const y = offset => height / 2 - 10 - (height / 2 - 18) * offset / (top * 1.25);
    for (const at of [-1, -0.5, 0, 0.5, 1]) {
      draw('line', {class: 'grid', x1: 66, x2: width - 8, y1: y(at * top), y2: y(at * top)});
      draw('text', {x: 60, y: y(at * top) + 4, 'text-anchor': 'end'}, signed(at * top));
    }
    for (const at of [0, 0.5, 1]) {
      const delay = base + at * (longest - base);
      draw('text', {x: x(delay), y: height - 4, 'text-anchor': at === 0 ? 'start' : at === 1 ? 'end' : 'middle'}, duration(delay));
    }
    draw('path', {class: 'edge', d: `M${x(longest)} ${y(top)}L${x(base)} ${y(0)}L${x(longest)} ${y(-top)}`});
    for (const [, offset, delay] of shown) {
      if (delay <= longest && Math.abs(offset) < top * 1.25) draw('circle', {cx: x(delay), cy: y(offset), r: 2.4});
    }
  }
  box.replaceChildren(root);
}

// --- Stability ---

let stability = [[], []];
let stabilityPlot = null;

function drawStability() {
  if (stability[0].length < 2) return;
  if (stabilityPlot) stabilityPlot.destroy();
  $('stability').replaceChildren();
  const whole = (u, min, max) => [10 ** Math.floor(Math.log10(min)), 10 ** Math.ceil(Math.log10(max * 1.001))];
  const [, base] = axes('', false);
  const log = {...base, splits: (u, axis, min, max) => decades(u, axis, min, max)};
  stabilityPlot = new uPlot({width: $('stability').clientWidth - 16, height: 238, legend: {show: false}, cursor: {y: false},
    series: [{}, {stroke: colour('accent'), width: 1.5, points: {show: true, size: 5}}],
    scales: {x: {time: false, distr: 3, range: whole}, y: {distr: 3, range: whole}},
    axes: [{...log, size: 26, values: (u, list) => list.map(span)}, {...log, values: (u, list) => list.map(exponential)}]},
  stability, $('stability'));
}

const exponential = y => '10' + [...minus(String(Math.round(Math.log10(y))))].map(c => '⁰¹²³⁴⁵⁶⁷⁸⁹'[c] || '⁻').join('');

// --- Events ---

function showEvents(list) {
  for (const [time, grave, text] of list) {
    const item = document.createElement('li');
    add(item, 'time', '', new Date(time * 1000).toISOString().slice(11, 19));
    add(item, 'span', grave ? 'grave' : '', text);
    $('events').prepend(item);
  }
  while ($('events').children.length > 200) $('events').lastChild.remove();
}

function addExchanges(list) {
  points.push(...list);
  if (points.length > 1000) points.splice(0, points.length - 1000);
}

// --- The wire ---

function take(s) {
  sample = s;
  receivedAt = performance.now();
  if (s.time !== undefined) remember(s);
  showNumbers();
  showServers();
  showEvents(s.events);
  addExchanges(s.exchanges);
  if (s.stability) stability = s.stability;
  if (!document.hidden) {
    drawHistory();
    if (s.stability) drawStability();
    if (s.exchanges.length || !$('scatter').firstChild) drawScatter();
  }
}

async function start() {
  const past = await (await fetch('history')).json();
  $('host').textContent = past.host;
  columns = past.history;
  points.length = 0;
  addExchanges(past.exchanges);
  stability = past.stability;
  drawStability();
  $('events').replaceChildren();
  showEvents(past.events);
  const stream = new EventSource('samples');
  stream.onmessage = message => { $('link').textContent = 'live'; take(JSON.parse(message.data)); };
  stream.onerror = () => {
    // Gaps are filled by the history: everything anew.
    $('link').textContent = 'no connection; trying again';
    stream.close();
    setTimeout(() => start().catch(again), 2000);
  };
}

function again() {
  $('link').textContent = 'no connection; trying again';
  setTimeout(() => start().catch(again), 2000);
}

for (const button of $('ranges').children) {
  button.onclick = () => {
    range = Number(button.dataset.range);
    for (const other of $('ranges').children) other.setAttribute('aria-pressed', other === button);
    drawHistory();
  };
}
$('straight').onchange = drawHistory;
const redraw = () => { if (sample) { drawHistory(); drawScatter(); drawStability(); } };
addEventListener('resize', redraw);
document.addEventListener('visibilitychange', redraw);
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', redraw);
requestAnimationFrame(tickClock);
start().catch(again);
