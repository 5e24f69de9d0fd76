'use strict';
// Zoom, filter, messages, copying. Everything it needs is in the page; nothing is fetched.
(() => {
  const root = document.documentElement;
  root.classList.add('live');
  const one = (selector) => document.querySelector(selector);
  const all = (selector) => [...document.querySelectorAll(selector)];
  const status = one('.status');

  // Light and dark: the system's choice until somebody switches.
  for (const button of all('[data-theme-switch]')) {
    button.addEventListener('click', () => {
      const dark = matchMedia('(prefers-color-scheme: dark)').matches;
      const now = root.dataset.theme || (dark ? 'dark' : 'light');
      root.dataset.theme = now === 'dark' ? 'light' : 'dark';
    });
  }

  const copy = (text, button) => {
    const said = button.textContent;
    const done = () => { button.textContent = 'Copied'; setTimeout(() => { button.textContent = said; }, 1500); };
    const byHand = () => {
      const area = document.createElement('textarea');
      area.value = text;
      document.body.append(area);
      area.select();
      document.execCommand('copy');
      area.remove();
      done();
    };
    if (navigator.clipboard) navigator.clipboard.writeText(text).then(done, byHand); else byHand();
  };
  for (const button of all('[data-copy]')) button.addEventListener('click', () => copy(button.dataset.copy, button));
  for (const button of all('[data-copy-from]')) {
    button.addEventListener('click', () => copy(document.getElementById(button.dataset.copyFrom).textContent, button));
  }

  // ---- What is shown: the state stands in the address, so that a view can be passed on. -----------
  const controls = one('#controls');
  const FIELDS = ['filter', 'who', 'kind', 'outcome'];
  const CHECKS = ['all', 'messages', 'routine'];
  const field = (name) => controls && controls.elements[name];
  const items = all('.item').map((el) => {
    const lane = el.closest('.lane');
    const title = el.querySelector(':scope > title');
    const outcome = ['done', 'notdone', 'unknown'].find((name) => el.classList.contains(name)) || '';
    const who = el.dataset.who || (lane ? lane.dataset.lane : '');
    return {
      el, lane: lane && lane.dataset.lane, who, kind: el.dataset.kind || '', outcome,
      text: (who + ' ' + (title ? title.textContent : el.textContent)).toLowerCase(),
    };
  });
  const lanes = new Map();
  for (const el of all('.lane')) {
    lanes.set(el.dataset.lane, { el, group: el.dataset.group, quiet: el.hasAttribute('hidden'), name: null });
  }
  for (const el of all('.names .name')) { const lane = lanes.get(el.dataset.lane); if (lane) lane.name = el; }
  const hasFold = !!field('all');

  const filter = () => {
    if (!controls) return;
    const value = (name) => (field(name) ? field(name).value : '');
    const want = { text: value('filter').trim().toLowerCase(), who: value('who'), kind: value('kind'), outcome: value('outcome') };
    const active = !!(want.text || want.who || want.kind || want.outcome);
    const shown = new Set();
    let rows = 0, marks = 0;
    for (const item of items) {
      const hit = (!want.text || item.text.includes(want.text))
        && (!want.who || item.who.split(' ').includes(want.who) || (item.kind === 'fault' && item.text.includes(want.who)))
        && (!want.kind || item.kind === want.kind)
        && (!want.outcome || item.outcome === want.outcome);
      item.el.classList.toggle('off', !hit);
      if (!hit || !active) continue;
      if (item.lane) { marks += 1; shown.add(item.lane); } else rows += 1;
    }
    for (const el of all('tr.more')) el.hidden = active;
    let count = 0;
    for (const [name, lane] of lanes) {
      const isPlace = lane.group !== 'latency';
      const named = (want.text && name.toLowerCase().includes(want.text)) || (want.who && name === want.who);
      const folded = lane.group === 'others' && hasFold && !field('all').checked && !active;
      const quiet = lane.quiet && !(field('messages') && field('messages').checked);
      const ends = lane.group === 'hosts' && field('messages') && field('messages').checked; // arrows need both ends
      const hide = quiet || folded || (active && isPlace && lane.group !== 'faults' && !shown.has(name) && !named && !ends);
      lane.el.toggleAttribute('hidden', hide);
      if (lane.name) lane.name.toggleAttribute('hidden', hide);
      if (!hide && isPlace && lane.group !== 'faults') count += 1;
    }
    for (const el of all('.heading')) {
      const alive = [...lanes.values()].some((lane) => lane.group === el.dataset.group && !lane.el.hasAttribute('hidden'));
      el.toggleAttribute('hidden', !alive);
    }
    root.dataset.shownLanes = count;
    root.dataset.shownRows = active ? rows : all('tr.item').length;
    root.dataset.filtered = active ? 'yes' : 'no';
    if (status) status.textContent = active ? `Filter: ${marks} marks in ${count} lanes, ${rows} rows of the tables below` : '';
  };

  // ---- Zoom ---------------------------------------------------------------------------------------
  const chart = one('#chart'), scroll = one('.scroll'), canvas = one('.canvas'), strip = one('#strip'), view = one('#view');
  const lasts = chart ? Number(chart.dataset.lasts) : 0;
  const WIDEST = 2e6;
  let from = 0, to = lasts;
  const clock = (ms, step) => (ms / 1000).toFixed(step >= 1000 ? 0 : step >= 100 ? 1 : step >= 10 ? 2 : 3) + ' s';

  const show = (a, b) => {
    if (!chart) return;
    const room = scroll.clientWidth || 1;
    const least = Math.max(lasts * room / WIDEST, 1);
    const span = Math.min(Math.max(b - a, least), lasts);
    const start = Math.min(Math.max(a, 0), lasts - span);
    canvas.style.width = (100 * lasts / span) + '%';
    scroll.scrollLeft = start / lasts * canvas.clientWidth;
    looked();
  };
  const looked = () => {
    const wide = canvas.clientWidth || 1;
    from = scroll.scrollLeft / wide * lasts;
    to = Math.min((scroll.scrollLeft + scroll.clientWidth) / wide * lasts, lasts);
    view.setAttribute('x', (100 * from / lasts) + '%');
    view.setAttribute('width', (100 * (to - from) / lasts) + '%');
    pin();
    ticks();
    draw();
  };
  // A label stays in view as long as what it names.
  const pinned = all('.lane text[data-from]').map((el) => ({ el, from: Number(el.dataset.from), to: Number(el.dataset.to), anchor: el.getAttribute('text-anchor') }));
  const pin = () => {
    for (const { el, from: a, to: b, anchor } of pinned) {
      const late = anchor && (a - from) > (to - from) / 2;
      const at = a < from && b > from ? from : a;
      el.setAttribute('x', (100 * at / lasts) + '%');
      if (anchor) { el.setAttribute('text-anchor', late ? 'end' : 'start'); el.setAttribute('dx', late ? -5 : 5); }
    }
  };
  const ticks = () => {
    const steps = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 2e4, 3e4, 6e4, 3e5, 6e5];
    const span = to - from;
    const fit = Math.max(2, Math.min(12, scroll.clientWidth / 80));
    const step = steps.find((s) => span / s <= fit) || 6e5;
    for (const axis of all('.ticks')) {
      axis.textContent = '';
      for (let at = Math.floor(from / step) * step; at <= to + step; at += step) {
        const mark = document.createElement('span');
        mark.style.left = (100 * at / lasts) + '%';
        mark.textContent = clock(at, step);
        axis.append(mark);
      }
    }
  };
  const zoom = (factor, center) => {
    const middle = center === undefined ? (from + to) / 2 : center;
    show(middle - (middle - from) * factor, middle + (to - middle) * factor);
  };
  const evidence = () => (chart.dataset.from ? show(Number(chart.dataset.from), Number(chart.dataset.to)) : show(0, lasts));

  // ---- Messages as arrows ---------------------------------------------------------------------------
  const ARROWS_MAX = 1200, SVG = 'http://www.w3.org/2000/svg';
  let wire = null;
  const messages = () => {
    if (!wire) { const data = one('#messages'); wire = data ? JSON.parse(data.textContent) : { hosts: [], labels: [], messages: [] }; }
    return wire;
  };
  const add = (parent, name, attributes, text) => {
    const el = document.createElementNS(SVG, name);
    for (const key in attributes) el.setAttribute(key, attributes[key]);
    if (text !== undefined) el.textContent = text;
    parent.append(el);
    return el;
  };
  const head = (layer, sent, arrived, y1, y2, kind) => {
    const scale = canvas.clientWidth / lasts, x1 = sent * scale, x2 = arrived * scale;
    const long = Math.hypot(x2 - x1, y2 - y1) || 1, ux = (x2 - x1) / long * 7, uy = (y2 - y1) / long * 7;
    const points = [[x2, y2], [x2 - ux - uy / 2.5, y2 - uy + ux / 2.5], [x2 - ux + uy / 2.5, y2 - uy - ux / 2.5]];
    add(layer, 'polygon', { points: points.map((p) => p.map((n) => n.toFixed(1)).join(',')).join(' '), class: kind });
  };
  const draw = () => {
    const layer = one('.arrows');
    if (!layer) return;
    layer.textContent = '';
    root.dataset.arrows = 0;
    if (!field('messages') || !field('messages').checked) return;
    const { hosts, labels, messages: list } = messages();
    const routine = field('routine').checked, text = field('filter').value.trim().toLowerCase(), who = field('who').value;
    const height = hosts.map((host) => {
      const lane = lanes.get(host);
      return lane && !lane.el.hasAttribute('hidden') ? lane.el.getBoundingClientRect() : null;
    });
    const top = layer.getBoundingClientRect().top;
    const y = height.map((box) => (box ? box.top - top + box.height / 2 : null));
    const seen = [];
    for (let i = 0; i < list.length; i += 6) {
      const sent = list[i], took = list[i + 1], a = list[i + 2], b = list[i + 3];
      const end = took < 0 ? lasts : sent + took;
      if (end < from || sent > to || y[a] === null || y[b] === null || (!routine && list[i + 5] % 2)) continue;
      const label = labels[list[i + 4]];
      if (who && hosts[a] !== who && hosts[b] !== who) continue;
      if (text && !(hosts[a] + ' ' + hosts[b] + ' ' + label).toLowerCase().includes(text)) continue;
      seen.push(i);
    }
    root.dataset.arrows = Math.min(seen.length, ARROWS_MAX);
    if (status) {
      const more = seen.length > ARROWS_MAX ? `; the first ${ARROWS_MAX} are drawn: zoom in or filter` : '';
      const gone = wire.left_out ? `; ${wire.left_out} more of this run are not in the page` : '';
      status.textContent = `${seen.length} messages in view${more}${gone}`;
    }
    const at = (ms) => (100 * ms / lasts) + '%';
    const wordy = seen.length <= 60;
    for (const i of seen.slice(0, ARROWS_MAX)) {
      const [sent, took, a, b, l, size] = list.slice(i, i + 6);
      const lost = took < 0, late = took >= 200;
      const line = add(layer, 'line', {
        x1: at(sent), y1: y[a], x2: at(lost ? Math.min(sent + (to - from) / 20, lasts) : sent + took),
        y2: lost ? (y[a] + y[b]) / 2 : y[b], class: lost ? 'lost' : late ? 'late' : '',
      });
      const what = `${hosts[a]} → ${hosts[b]}: ${labels[l]}, ${Math.floor(size / 2)} bytes, sent ${clock(sent, 1)}, `
        + (lost ? 'never arrived' : `arrived after ${took} ms` + (late ? ' (repeated by TCP)' : ''));
      add(line, 'title', {}, what);
      if (!lost) head(layer, sent, sent + took, y[a], y[b], late ? 'late' : '');
      if (wordy) add(layer, 'text', { x: at(sent), y: (y[a] + y[b]) / 2, dx: 4 }, labels[l] + (lost ? ' ✗' : ''));
    }
  };

  // ---- Wiring ---------------------------------------------------------------------------------------
  const save = () => {
    const state = new URLSearchParams();
    for (const name of FIELDS) if (field(name) && field(name).value) state.set(name, field(name).value);
    for (const name of CHECKS) if (field(name) && field(name).checked) state.set(name, '1');
    try { history.replaceState(null, '', '#' + state); } catch { /* some browsers forbid it for files */ }
  };
  const restore = () => {
    const text = decodeURIComponent(location.hash.slice(1));
    const state = new URLSearchParams(location.hash.slice(1));
    if (/^e\d+$/.test(text)) return;
    if (state.has('t')) {
      const at = Number(state.get('t')), half = Math.min(Math.max((to - from) / 2, 50), 1000);
      show(at - half, at + half);
      chart.scrollIntoView({ block: 'nearest' });
      return;
    }
    for (const name of FIELDS) if (field(name)) field(name).value = state.get(name) || '';
    for (const name of CHECKS) if (field(name)) field(name).checked = state.has(name);
    filter();
    if (!chart) return;
    if (state.has('from') && state.has('to')) show(Number(state.get('from')), Number(state.get('to'))); else evidence();
  };
  if (controls) {
    controls.addEventListener('submit', (event) => event.preventDefault());
    controls.addEventListener('input', () => { filter(); if (chart) draw(); save(); });
  }
  for (const button of all('[data-zoom]')) {
    button.addEventListener('click', () => ({
      in: () => zoom(0.5), out: () => zoom(2), all: () => show(0, lasts), evidence,
    })[button.dataset.zoom]());
  }
  if (chart) {
    let waiting = false;
    scroll.addEventListener('scroll', () => {
      if (waiting) return;
      waiting = true;
      requestAnimationFrame(() => { waiting = false; looked(); });
    });
    const under = (event) => {
      const box = canvas.getBoundingClientRect();
      return (event.clientX - box.left) / box.width * lasts;
    };
    scroll.addEventListener('wheel', (event) => {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      zoom(event.deltaY > 0 ? 1.3 : 1 / 1.3, under(event));
    }, { passive: false });
    scroll.addEventListener('keydown', (event) => {
      const keys = { '+': () => zoom(0.5), '=': () => zoom(0.5), '-': () => zoom(2), '0': () => show(0, lasts), e: evidence };
      if (keys[event.key] && !event.ctrlKey && !event.metaKey) { event.preventDefault(); keys[event.key](); }
    });
    // Drag to pan; a click tells what is there.
    let held = null;
    canvas.addEventListener('pointerdown', (event) => {
      if (event.button === 0 && event.pointerType === 'mouse') held = { x: event.clientX, left: scroll.scrollLeft };
    });
    addEventListener('pointermove', (event) => { if (held) scroll.scrollLeft = held.left - (event.clientX - held.x); });
    addEventListener('pointerup', () => { held = null; });
    canvas.addEventListener('click', (event) => {
      const item = event.target.closest('.item, .state, .down');
      const title = item && item.querySelector('title');
      if (title && status) status.textContent = title.textContent;
    });
    const jump = (event) => {
      const box = strip.getBoundingClientRect();
      const at = (event.clientX - box.left) / box.width * lasts, half = (to - from) / 2;
      show(at - half, at + half);
    };
    strip.addEventListener('pointerdown', (event) => { strip.setPointerCapture(event.pointerId); jump(event); });
    strip.addEventListener('pointermove', (event) => { if (strip.hasPointerCapture(event.pointerId)) jump(event); });
    addEventListener('resize', () => show(from, to));
  }
  addEventListener('hashchange', restore);
  restore();
})();
