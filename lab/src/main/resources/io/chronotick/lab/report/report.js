'use strict';
const data = JSON.parse(document.getElementById('data').textContent);
const $ = id => document.getElementById(id);
const css = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const COLOURS = ['#1b6ca8', '#d9822b', '#2f9e6b', '#a6438f', '#8a6d3b', '#c0453c', '#4b5bb5', '#5d8aa8'];
const fixed = (value, digits) => value == null ? '–' : value.toFixed(digits);
const percent = (value, digits) => value == null ? '–' : (100 * value).toFixed(digits) + ' %';
/** Three digits, with a unit that fits. */
function micros(us) {
  if (us == null) return '–';
  const size = Math.abs(us);
  if (size >= 1e6) return (us / 1e6).toPrecision(3) + ' s';
  if (size >= 1e3) return (us / 1e3).toPrecision(3) + ' ms';
  return (size < 1 && size > 0 ? (us * 1e3).toPrecision(3) + ' ns' : us.toPrecision(3) + ' µs');
}
function element(name, attributes, ...children) {
  const node = name.startsWith('svg:')
    ? document.createElementNS('http://www.w3.org/2000/svg', name.slice(4)) : document.createElement(name);
  for (const [key, value] of Object.entries(attributes || {})) node.setAttribute(key, value);
  for (const child of children) node.append(child);
  return node;
}
const svg = (width, height) => element('svg:svg', {viewBox: `0 0 ${width} ${height}`, role: 'img'});
const text = (x, y, content, attributes) => element('svg:text', {x, y, ...attributes}, content);
const line = (x1, y1, x2, y2, attributes) => element('svg:line', {x1, y1, x2, y2, class: 'grid', ...attributes});
function table(head, rows) {
  const cell = (name, content) => {
    const node = element(name);
    if (content instanceof Node) return content;
    node.append(content);
    return node;
  };
  return element('table', {}, element('thead', {}, element('tr', {}, ...head.map(h => cell('th', h)))),
    element('tbody', {}, ...rows.map(row => element('tr', {}, ...row.map(c => cell('td', c))))));
}
function legend(id, names, colour) {
  $(id).replaceChildren(...names.map(name =>
    element('span', {}, element('i', {style: `background:${colour(name)}`}), name)));
}

const polls = data.replay.polls;
const cells = polls.flatMap(poll => poll.cells.map(cell => ({...cell, poll: poll.poll_s})));
const clocks = [...new Set(cells.map(cell => cell.clock))];
const paths = [...new Set(cells.map(cell => cell.path))];
const clockColour = clock => COLOURS[clocks.indexOf(clock) % COLOURS.length];
const pathColour = path => COLOURS[paths.indexOf(path) % COLOURS.length];
const published = group => group.ratio_to_chrony.published;
const mean = values => values.reduce((a, b) => a + b, 0) / values.length;

// --- Headline ---
{
  const tile = (value, what) => element('div', {class: 'tile'}, element('b', {}, value), element('span', {}, what));
  const tiles = [];
  for (const poll of polls) {
    const group = poll.groups.find(g => g.name === 'main') || poll.groups.find(g => g.name === 'all');
    if (published(group)) {
      tiles.push(tile(fixed(published(group).geometric_mean, 2) + ' ×',
        `smaller error than chrony at a poll of ${poll.poll_s} s (${group.cells} main cells); worst `
        + `${fixed(published(group).worst, 2)} × in ${published(group).worst_cell}`));
    }
  }
  const inside = cells.map(cell => mean(cell.runs.map(run => run.inside_95)));
  tiles.push(tile(`${(100 * Math.min(...inside)).toFixed(1)}–${(100 * Math.max(...inside)).toFixed(1)} %`,
    'of the time the 95 % interval held the truth, worst and best of all cells'));
  tiles.push(tile(percent(Math.min(...cells.flatMap(cell => cell.runs.map(run => run.inside_bound))), 2),
    'of the time the hard bound held it, worst run'));
  const passed = data.simulations.scenarios.filter(s => s.passed).length;
  tiles.push(tile(`${passed} of ${data.simulations.scenarios.length}`, 'simulated scenarios kept their limits'));
  $('headline').replaceChildren(...tiles);
}

// --- Ratios ---
{
  const values = cells.map(cell => cell.ratio_to_chrony.published).filter(v => v != null);
  const low = Math.min(0.5, ...values) / 1.15, high = Math.max(2, ...values) * 1.15;
  const width = 540, left = 92, right = 16, row = 34, top = 34;
  const x = v => left + (width - left - right) * Math.log(v / low) / Math.log(high / low);
  $('ratios').replaceChildren(...polls.map(poll => {
    const height = top + row * paths.length + 30;
    const chart = svg(width, height);
    chart.append(text(left, 16, `poll ${poll.poll_s} s`, {class: 'title'}));
    for (const tick of [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100].filter(v => v >= low && v <= high)) {
      chart.append(line(x(tick), top - 8, x(tick), height - 24, tick === 1 ? {class: 'one'} : {}));
      chart.append(text(x(tick), height - 8, `${tick}×`, {'text-anchor': 'middle'}));
    }
    paths.forEach((path, i) => {
      const y = top + row * i + row / 2;
      chart.append(text(left - 12, y + 4, path, {'text-anchor': 'end'}));
      chart.append(line(left, y, width - right, y));
      for (const cell of poll.cells.filter(c => c.path === path)) {
        const ratio = cell.ratio_to_chrony.published;
        if (ratio == null) continue;
        const dot = element('svg:circle', {cx: x(ratio), cy: y, r: 6, fill: clockColour(cell.clock), 'fill-opacity': .85});
        dot.append(element('svg:title', {}, `${cell.clock}/${path}: ${ratio.toFixed(2)} ×, ${micros(mean(cell.runs.map(r => r.rms_us)))} `
          + `against ${micros(mean(cell.runs.map(r => r.chrony_rms_us)))}`));
        chart.append(dot);
      }
    });
    return element('div', {}, chart);
  }));
  legend('legend', clocks, clockColour);

  const names = Object.keys(polls[0].cells[0].ratio_to_chrony);
  $('forecasters').replaceChildren(table(['poll', 'path', ...names], polls.flatMap(poll => poll.groups.map(group => [
    `${poll.poll_s} s`, element('td', {class: 'left'}, group.name),
    ...names.map(name => group.ratio_to_chrony[name]
      ? `${group.ratio_to_chrony[name].geometric_mean.toFixed(2)} (${group.ratio_to_chrony[name].worst.toFixed(2)})` : '–')]))));
}

// --- Error over time ---
const SIGMA95 = 1.96;
function plot(into, series, previous) {
  if (previous) previous.destroy();
  const upper = series.error.map((e, i) => e == null || series.sd[i] == null ? null : SIGMA95 * series.sd[i]);
  const lower = upper.map(v => v == null ? null : -v);
  const axis = {stroke: css('--soft'), grid: {stroke: css('--line'), width: 1}, ticks: {stroke: css('--line')}};
  const clockTime = (u, values) => values.map(v => `${Math.floor(v / 3600)}:${String(Math.floor(v % 3600 / 60)).padStart(2, '0')}`);
  const incrs = [1, 5, 15, 30, 60, 300, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400];
  // The first minutes, when little is known yet, and rare peaks may not flatten the rest.
  const sizes = upper.flatMap((v, i) => v == null || series.t[i] < 600 ? [] : [Math.max(v, Math.abs(series.error[i]))]).sort((a, b) => a - b);
  const most = 1.15 * (sizes[Math.floor(.997 * (sizes.length - 1))] || Math.max(...upper));
  return new uPlot({
    width: into.clientWidth - 22, height: 330,
    scales: {x: {time: false}, y: {auto: false, range: (u, low, high) => [-most, most]}},
    series: [
      {label: 'time', value: (u, v) => v == null ? '–' : (v / 3600).toFixed(3) + ' h'},
      {label: 'upper 95 %', stroke: css('--accent'), width: .6, points: {show: false}, value: (u, v) => micros(v)},
      {label: 'lower 95 %', stroke: css('--accent'), width: .6, points: {show: false}, value: (u, v) => micros(v)},
      {label: 'error', stroke: css('--ink'), width: 1.2, points: {show: false}, value: (u, v) => micros(v)},
    ],
    bands: [{series: [1, 2], fill: css('--band')}],
    axes: [{...axis, incrs, values: clockTime, label: 'hours', labelSize: 18, labelGap: 0}, {...axis, size: 74, values: (u, values) => values.map(micros)}],
  }, [series.t, upper, lower, series.error], into);
}
{
  let current = null;
  const show = () => {
    const name = `${$('clock').value}/${$('path').value}`;
    if (!data.series[name]) return;
    current = plot($('series'), data.series[name], current);
    const cell = polls[0].cells.find(c => `${c.clock}/${c.path}` === name);
    $('series-note').textContent = `poll ${polls[0].poll_s} s, seed ${cell.runs[0].seed}: rms ${micros(cell.runs[0].rms_us)}`
      + ` (chrony ${micros(cell.runs[0].chrony_rms_us)}), inside 95 %: ${percent(cell.runs[0].inside_95, 1)}`
      + (cell.runs[0].mean_removed ? '; the rms is without the mean' : '');
  };
  $('clock').replaceChildren(...clocks.map(c => element('option', {}, c)));
  $('path').replaceChildren(...paths.map(p => element('option', {}, p)));
  if (clocks.includes('thermal')) $('clock').value = 'thermal';
  if (paths.includes('wan')) $('path').value = 'wan';
  $('clock').onchange = $('path').onchange = show;
  show();
}

// --- Calibration ---
{
  const size = 480, left = 46, bottom = 40, top = 12, right = 14;
  const x = v => left + (size - left - right) * v, y = v => size - bottom - (size - bottom - top) * v;
  const show = () => {
    const chart = svg(size, size);
    for (const v of [0, .2, .4, .6, .8, 1]) {
      chart.append(line(x(v), y(0), x(v), y(1)), line(x(0), y(v), x(1), y(v)));
      chart.append(text(x(v), size - 20, `${Math.round(100 * v)}`, {'text-anchor': 'middle'}));
      chart.append(text(left - 8, y(v) + 4, `${Math.round(100 * v)}`, {'text-anchor': 'end'}));
    }
    chart.append(text(x(.5), size - 4, 'nominal, %', {'text-anchor': 'middle'}));
    chart.append(text(0, 0, 'inside, %', {'text-anchor': 'middle', transform: `translate(12 ${y(.5)}) rotate(-90)`}));
    for (const curve of data.calibration.filter(c => c.poll_s === Number($('calibration-poll').value))) {
      const points = curve.covered.map((v, i) => `${x(i / 100).toFixed(1)},${y(v).toFixed(1)}`).join(' ');
      const drawn = element('svg:polyline', {points, fill: 'none', stroke: pathColour(curve.path), 'stroke-width': 1.4, 'stroke-opacity': .75});
      drawn.append(element('svg:title', {}, `${curve.clock}/${curve.path}: ${percent(curve.covered[95], 1)} at 95 %`));
      chart.append(drawn);
    }
    chart.append(line(x(0), y(0), x(1), y(1), {class: 'one', 'stroke-dasharray': '5 4'}));
    $('calibration').replaceChildren(chart);
  };
  $('calibration-poll').replaceChildren(...polls.map(p => element('option', {value: p.poll_s}, `${p.poll_s} s`)));
  $('calibration-poll').onchange = show;
  show();
  legend('calibration-legend', paths, pathColour);
}

// --- Allan deviation ---
{
  const names = Object.keys(data.clocks);
  const all = [...Object.values(data.clocks), ...Object.values(data.published)];
  const taus = all.flatMap(a => a.tau), devs = all.flatMap(a => a.deviation).filter(v => v > 0);
  const size = 480, left = 56, bottom = 40, top = 12, right = 14;
  const [t0, t1] = [0, Math.log10(Math.max(...taus))];
  const [d0, d1] = [Math.floor(Math.log10(Math.min(...devs))), Math.ceil(Math.log10(Math.max(...devs)))];
  const x = v => left + (size - left - right) * (Math.log10(v) - t0) / (t1 - t0);
  const y = v => size - bottom - (size - bottom - top) * (Math.log10(v) - d0) / (d1 - d0);
  const chart = svg(size, size);
  const power = n => String(n).replace(/./g, c => c === '-' ? '⁻' : '⁰¹²³⁴⁵⁶⁷⁸⁹'[c]);
  for (let e = 0; e <= t1; e++) {
    chart.append(line(x(10 ** e), y(10 ** d0), x(10 ** e), y(10 ** d1)), text(x(10 ** e), size - 20, `10${power(e)}`, {'text-anchor': 'middle'}));
  }
  for (let e = d0; e <= d1; e++) {
    chart.append(line(left, y(10 ** e), size - right, y(10 ** e)), text(left - 8, y(10 ** e) + 4, `10${power(e)}`, {'text-anchor': 'end'}));
  }
  chart.append(text((left + size) / 2, size - 4, 'averaging time, s', {'text-anchor': 'middle'}));
  names.forEach(name => {
    for (const [of, dash] of [[data.clocks[name], '5 4'], [data.published[name], '']]) {
      const points = of.tau.map((tau, i) => of.deviation[i] > 0 ? `${x(tau).toFixed(1)},${y(of.deviation[i]).toFixed(1)}` : '').join(' ');
      const drawn = element('svg:polyline', {points, fill: 'none', stroke: clockColour(name), 'stroke-width': 1.8, 'stroke-dasharray': dash});
      drawn.append(element('svg:title', {}, name + (dash ? ', raw clock' : ', published')));
      chart.append(drawn);
    }
  });
  $('allan').replaceChildren(chart);
  legend('allan-legend', names, clockColour);
}

// --- Ablations ---
if (data.ablations.length) {
  const full = data.ablations[0].replay.polls[0];
  const rows = data.ablations.map(ablation => {
    const poll = ablation.replay.polls[0];
    const inside = poll.cells.flatMap(cell => cell.runs.map(run => run.inside_95));
    return [
      ablation.without.length ? 'without ' + ablation.without[0].toLowerCase().replaceAll('_', ' ') : 'everything',
      ...full.groups.map(group => {
        const own = published(poll.groups.find(g => g.name === group.name));
        if (!own) return '–';
        const loss = Math.log(published(group).geometric_mean / own.geometric_mean);
        const shade = Math.min(Math.abs(loss) / Math.log(2), 1) * .55;
        const colour = loss > 0 ? `rgba(192, 69, 60, ${shade.toFixed(2)})` : `rgba(47, 158, 107, ${shade.toFixed(2)})`;
        return element('td', {style: `background:${colour}`, title: `worst ${own.worst.toFixed(2)} in ${own.worst_cell}`},
          own.geometric_mean.toFixed(2));
      }),
      `${(100 * Math.min(...inside)).toFixed(1)}–${(100 * Math.max(...inside)).toFixed(1)} %`];
  });
  $('ablations').replaceChildren(table([`poll ${full.poll_s} s`, ...full.groups.map(g => g.name), 'inside 95 %, worst–best'], rows));
}

// --- Scenarios ---
{
  let current = null;
  const span = w => {
    const unit = v => v >= 3600 && v % 3600 === 0 ? v / 3600 + ' h' : v >= 60 ? +(v / 60).toFixed(1) + ' min' : v + ' s';
    return unit(w.from_s) + ' – ' + unit(w.to_s);
  };
  const rows = [];
  for (const scenario of data.simulations.scenarios) {
    scenario.windows.forEach((w, i) => rows.push({scenario, cells: [
      i ? '' : scenario.name, element('td', {class: 'about'}, i ? '' : scenario.about), span(w), micros(w.rms == null ? null : w.rms * 1e6),
      micros(w.max == null ? null : w.max * 1e6), percent(w.inside_95, 1), percent(w.inside_bound, 2), percent(w.valid, 0),
      i ? '' : scenario.passed ? element('td', {class: 'good'}, 'ok')
        : element('td', {class: 'bad', title: scenario.breaches.join('\n')}, 'failed')]}));
  }
  const built = table(['scenario', element('th', {class: 'left'}, ''), 'window', 'rms', 'max', 'inside 95 %', 'in bound', 'valid', ''],
    rows.map(r => r.cells));
  const body = [...built.querySelectorAll('tbody tr')];
  const pick = name => {
    body.forEach((tr, i) => tr.classList.toggle('on', rows[i].scenario.name === name));
    const scenario = data.simulations.scenarios.find(s => s.name === name);
    $('run-note').textContent = `${scenario.name}: ${scenario.about}`;
    current = plot($('run'), data.runs[name], current);
  };
  body.forEach((tr, i) => {
    tr.classList.add('pick');
    tr.onclick = () => pick(rows[i].scenario.name);
  });
  $('scenarios').replaceChildren(built);
  const first = data.simulations.scenarios.find(s => s.name === 'holdover-thermal') || data.simulations.scenarios[0];
  pick(first.name);
}

// --- Traces ---
if (data.traces.traces.length) {
  const ms = s => s == null ? '–' : (s * 1e3).toPrecision(3) + ' ms';
  const rows = [];
  for (const trace of data.traces.traces) {
    for (const key of ['mae', 'mae_corrected']) {
      const floor = key === 'mae' ? trace.floor : trace.corrected_floor;
      const of = name => trace.scores.find(s => s.forecaster === name);
      if (!floor || !of('published')[key]) continue;
      const own = of('published')[key][0];
      const best = trace.scores.filter(s => s.baseline && s[key][0] != null).sort((a, b) => a[key][0] - b[key][0])[0];
      const earlier = of('Python system');
      rows.push([trace.name + (key === 'mae' ? '' : ', corrected for the delay'), `${of('published').scored[0]}`, `${trace.interval_s.toFixed(0)} s`,
        ms(own), ms(floor.smoother),
        element('td', {class: own <= 1.1 * floor.smoother ? 'good' : 'bad'}, (own / floor.smoother).toFixed(2)),
        best ? `${ms(best[key][0])} ${best.forecaster}` : '–',
        earlier ? ms(earlier[key][0]) : '–']);
    }
  }
  $('traces').replaceChildren(table(['trace', 'scored', 'every', 'published', 'floor', 'of floor', 'best baseline', 'earlier Python system'], rows));
} else {
  $('traces').textContent = 'No traces were given: chronotick lab report --traces DIR takes files as chronotick lab trace does.';
}
