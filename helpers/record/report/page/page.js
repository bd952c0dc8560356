"use strict";
// Shows one projection of a journal. Every text in it may be hostile: it is only ever set as textContent.
const $ = (id) => document.getElementById(id);
let data = JSON.parse($("data").textContent);
const live = document.documentElement.hasAttribute("data-live") || location.protocol.startsWith("http");
const PAGE = 100;
const state = { words: [], outcome: "", sort: "number", down: true, rows: PAGE, order: [], plot: null };

const make = (tag, text, name) => {
  const node = document.createElement(tag);
  if (text !== undefined && text !== null) node.textContent = text;
  if (name) node.className = name;
  return node;
};
const button = (text, act) => {
  const node = make("button", text);
  node.type = "button";
  node.addEventListener("click", act);
  return node;
};
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue("--" + name);
const list = (node, lines) => node.replaceChildren(...lines.map((line) => make("li", line)));
const span = (seconds) => (seconds >= 90 ? (seconds / 60).toFixed(1) + " min" : Math.round(seconds) + " s");

// --- head, what runs, questions, ideas
function head() {
  const its = data.session;
  document.title = its.name + ": " + data.experiments.length + " experiments";
  $("name").textContent = its.name + (its.objective ? ": " + its.objective : "");
  $("headline").textContent = its.headline;
  $("took").textContent = its.standing + ". Took " + its.took + "; worth: " + its.worth + (its.budget && ". Budget left: " + its.budget);
  const now = make("ul");
  for (const job of data.running) {
    const row = make("li", job.name + " on " + job.worker + ": " + job.state + ", " + span(job.elapsed) + " so far" +
      (job.expected ? " of about " + span(job.expected) : "") + (job.said ? "; " + job.said : "") + " ");
    if (job.expected) {
      const bar = make("progress");
      bar.max = job.expected;
      bar.value = Math.min(job.elapsed, job.expected);
      bar.setAttribute("aria-label", job.name);
      row.append(bar);
    }
    now.append(row);
  }
  for (const line of data.workers) now.append(make("li", line));
  for (const line of data.next) now.append(make("li", line, "soft"));
  $("now").replaceChildren(now);
  const axes = data.axes.flatMap(([title, facts]) => {
    const facts_ = make("ul");
    list(facts_, facts);
    return [make("h3", title), facts_];
  });
  $("axes").replaceChildren(...axes);
  list($("ideas"), data.ideas);
}

// --- the chart: each mark has a shape of its own, so that it is read in print and without colours
const SHAPES = {
  kept: (c, x, y) => { c.arc(x, y, 5, 0, 7); c.fill(); },
  small: (c, x, y) => { c.moveTo(x, y - 5); c.lineTo(x + 3, y); c.lineTo(x, y + 5); c.lineTo(x - 3, y); c.closePath(); c.stroke(); },
  no_gain: (c, x, y) => { c.arc(x, y, 3, 0, 7); c.stroke(); },
  declined: (c, x, y) => { c.moveTo(x - 4, y - 3); c.lineTo(x + 4, y - 3); c.lineTo(x, y + 4); c.closePath(); c.stroke(); },
  undecided: (c, x, y) => { c.moveTo(x, y - 5); c.lineTo(x + 5, y); c.lineTo(x, y + 5); c.lineTo(x - 5, y); c.closePath(); c.stroke(); },
  failed: (c, x, y) => { c.moveTo(x - 4, y - 4); c.lineTo(x + 4, y + 4); c.moveTo(x + 4, y - 4); c.lineTo(x - 4, y + 4); c.stroke(); },
  refused: (c, x, y) => { c.rect(x - 3, y - 3, 6, 6); c.stroke(); },
  other: (c, x, y) => { c.moveTo(x - 3, y); c.lineTo(x + 3, y); c.stroke(); },
};
function marks(plot) {
  const c = plot.ctx, { top, height } = plot.bbox, [from, to] = [plot.scales.x.min, plot.scales.x.max];
  c.save();
  c.beginPath();
  c.rect(plot.bbox.left, top, plot.bbox.width, height);
  c.clip();
  const groups = {};
  for (const exp of data.experiments) if (exp.at >= from && exp.at <= to) (groups[exp.outcome] ||= []).push(exp);
  for (const [outcome, group] of Object.entries(groups)) {
    c.strokeStyle = c.fillStyle = colour(outcome) || colour("text");
    c.lineWidth = 1.5;
    for (const exp of group) {
      const x = plot.valToPos(exp.at, "x", true);
      const y = exp.value === null ? top + height - 8 : plot.valToPos(exp.value, "y", true);
      c.beginPath();
      (SHAPES[outcome] || SHAPES.other)(c, x, y);
      if (exp.range && (outcome === "kept" || outcome === "undecided")) {
        c.beginPath();
        c.moveTo(x, plot.valToPos(exp.range[0], "y", true));
        c.lineTo(x, plot.valToPos(exp.range[1], "y", true));
        c.stroke();
      }
    }
  }
  c.restore();
}
const edges = (plot, low, high) => [low - (high - low || 60) * 0.02, high + (high - low || 60) * 0.02];
function bounds() {
  const seen = data.experiments.filter((exp) => exp.value !== null).map((exp) => exp.value).sort((a, b) => a - b);
  if (data.session.first !== null) seen.push(data.session.first);
  const kept = data.experiments.filter((exp) => exp.outcome === "kept" && exp.value !== null).map((exp) => exp.value);
  const inner = seen.slice(Math.floor(seen.length * 0.02), Math.ceil(seen.length * 0.98)).concat(kept, data.session.first ?? []);
  if (!inner.length) return [0, 1];
  const [low, high] = [Math.min(...inner), Math.max(...inner)];
  const room = (high - low) * 0.1 || Math.abs(high) * 0.1 || 1;
  return [low - room, high + room];
}
function chart() {
  const all = data.experiments, box = $("chart"), its = data.session;
  let best = its.first;
  const times = [its.began, ...all.map((exp) => exp.at)];
  const steps = [best, ...all.map((exp) => (exp.outcome === "kept" && exp.value !== null ? (best = exp.value) : best))];
  if (times.length === 1) { times.push(its.began + 60); steps.push(best); }
  if (state.plot) state.plot.destroy();
  const axis = { stroke: colour("text"), grid: { stroke: colour("line"), width: 1 }, ticks: { stroke: colour("line") } };
  state.plot = new uPlot({
    width: box.clientWidth || 600, height: 320, legend: { show: false },
    scales: { x: { time: true, range: edges }, y: { range: bounds } },
    axes: [axis, { ...axis, size: 70, label: its.metric + (its.unit ? " (" + its.unit + ")" : "") }],
    series: [{}, { stroke: colour("kept"), width: 2, paths: uPlot.paths.stepped({ align: 1 }), points: { show: false } }],
    cursor: { points: { show: false }, y: false },
    hooks: { draw: [marks], setCursor: [(plot) => hover(plot.cursor)] },
  }, [times, steps], box);
  state.plot.over.addEventListener("click", () => { const exp = nearest(state.plot.cursor); if (exp) open(exp); });
}
function nearest(cursor) {
  const at = cursor.idx, plot = state.plot;
  if (at === null || at === undefined) return null;
  let best = null, least = 900;
  for (let i = Math.max(0, at - 61); i < Math.min(data.experiments.length, at + 60); i++) {
    const exp = data.experiments[i], dx = plot.valToPos(exp.at, "x") - cursor.left;
    const dy = (exp.value === null ? plot.over.clientHeight - 8 : plot.valToPos(exp.value, "y")) - cursor.top;
    if (dx * dx + dy * dy < least) { least = dx * dx + dy * dy; best = exp; }
  }
  return best;
}
function hover(cursor) {
  const exp = state.plot && nearest(cursor);
  $("hover").textContent = exp ? exp.name + ": " + exp.description + ": " + data.outcomes[exp.outcome] + " " + exp.figure : "\u00a0";
}
function zoom(by) {
  const { min, max } = state.plot.scales.x, middle = (min + max) / 2, half = ((max - min) / 2) * by;
  state.plot.setScale("x", { min: middle - half, max: middle + half });
}
function whole() {
  const last = data.experiments.length ? data.experiments[data.experiments.length - 1].at : data.session.began + 60;
  state.plot.setScale("x", { min: data.session.began, max: last });
}

// --- the table
const COLUMNS = [["number", "no."], ["name", "experiment"], ["outcome", "how it stands"], ["gain", "gain"], ["seconds", "took"],
  ["description", "what"]];
function columns() {
  $("columns").replaceChildren(...COLUMNS.map(([key, title]) => {
    const cell = make("th", null, key === "seconds" || key === "number" ? "spare" : "");
    cell.scope = "col";
    if (state.sort === key) cell.setAttribute("aria-sort", state.down ? "descending" : "ascending");
    cell.append(button(title, () => {
      state.down = state.sort === key ? !state.down : key === "gain" || key === "number";
      state.sort = key;
      columns();
      sorted();
    }));
    return cell;
  }));
}
function sorted() {
  const { sort, down } = state;
  state.order = [...data.experiments].sort((a, b) => {
    const [x, y] = [a[sort], b[sort]];
    if (x === null || y === null) return (x === null) - (y === null);
    return (x < y ? -1 : x > y ? 1 : a.number - b.number) * (down ? -1 : 1);
  });
  table();
}
function table() {
  const { words, outcome } = state;
  const found = state.order.filter((exp) => (!outcome || exp.outcome === outcome) && words.every((w) => exp.text.includes(w)));
  $("count").textContent = found.length + " of " + data.experiments.length + " experiments";
  $("rows").replaceChildren(...found.slice(0, state.rows).map(row));
  $("more").hidden = found.length <= state.rows;
}
function row(exp) {
  const line = make("tr"), name = make("td");
  name.append(button(exp.name, () => open(exp)));
  line.append(make("td", exp.number, "spare"), name, make("td", data.outcomes[exp.outcome], exp.outcome),
    make("td", exp.figure.replace(" pairs", ""), "figure"),
    make("td", exp.seconds ? span(exp.seconds) : "", "spare figure"), make("td", exp.description));
  return line;
}
function chips() {
  $("chips").replaceChildren(...Object.entries(data.session.counts).flatMap(([outcome, count]) => {
    const chip = button(data.outcomes[outcome] + " " + count, () => {
      state.outcome = state.outcome === outcome ? "" : outcome;
      state.rows = PAGE;
      chips();
      table();
    });
    chip.setAttribute("aria-pressed", String(state.outcome === outcome));
    return [chip, " "];
  }));
  $("legend").textContent = "What measured gains make of the first " + data.session.metric + "; " + data.session.direction + " is better. " +
    "Filled circle: kept, on the stepped line; bars: intervals. Open circle: " +
    "no gain shown. Triangle: turned down with a gain. Diamond: undecided. Cross: failed. Square: refused. Dash: not compared. What has no figure stands at the bottom.";
}

// --- the drawer
async function open(exp) {
  $("drawer-title").textContent = exp.name + ": " + exp.description;
  const box = $("detail");
  const facts = make("dl");
  for (const [label, text] of exp.facts) facts.append(make("dt", label, "soft"), make("dd", text));
  box.replaceChildren(make("p", data.outcomes[exp.outcome], exp.outcome), facts);
  for (const part of exp.comparisons) {
    box.append(make("h3", "Comparison " + part.title));
    if (part.gains.length) box.append(pairs(part));
    const lines = make("ul");
    list(lines, part.lines);
    box.append(lines);
  }
  if (!$("drawer").open) $("drawer").showModal();
  let more = exp.more;
  if (!more && live) more = await (await fetch("experiment/" + encodeURIComponent(exp.name))).json().catch(() => null);
  more = more || { diff: "", log: "", note: "to see its diff: snapshot_workdir.py diff " + exp.name };
  if (more.note) box.append(make("p", more.note, "soft"));
  if (more.diff) {
    const shown = make("pre");
    shown.tabIndex = 0;
    for (const line of more.diff.split("\n")) {
      shown.append(make("span", line + "\n", line[0] === "+" ? "added" : line[0] === "-" ? "removed" : ""));
    }
    box.append(make("h3", "Diff"), shown);
  }
  if (more.log) {
    const shown = make("pre", more.log);
    shown.tabIndex = 0;
    box.append(make("h3", "The log's end"), shown);
  }
}
function pairs(part) {
  const NS = "http://www.w3.org/2000/svg", svg = document.createElementNS(NS, "svg");
  const most = Math.max(...part.gains.map(Math.abs), 2 * part.margin), wide = 600, high = 160;
  const y = (gain) => high / 2 - (gain / most) * (high / 2 - 10);
  svg.setAttribute("viewBox", "0 0 " + wide + " " + high);
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", "The gain of each of " + part.gains.length + " pairs; the line is no gain, the dashes are the margin");
  const draw = (name, attributes) => {
    const node = document.createElementNS(NS, name);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    svg.append(node);
  };
  draw("line", { x1: 0, x2: wide, y1: y(0), y2: y(0), stroke: "currentColor" });
  draw("line", { x1: 0, x2: wide, y1: y(part.margin), y2: y(part.margin), stroke: "currentColor", "stroke-dasharray": "4 4" });
  part.gains.forEach((gain, i) => draw("circle", { cx: ((i + 0.5) * wide) / part.gains.length, cy: y(gain), r: 5,
    fill: gain > 0 ? "currentColor" : "none", stroke: "currentColor" }));
  return svg;
}

// --- the whole page, and what is new
function show(first) {
  for (const exp of data.experiments) exp.text = (exp.name + " " + exp.description + " " + exp.why + " " + exp.sources + " " + exp.outcome).toLowerCase();
  head();
  columns();
  chips();
  sorted();
  if (first) requestAnimationFrame(chart);
  else chart();
}
$("filter").addEventListener("input", (event) => {
  state.words = event.target.value.toLowerCase().split(/\s+/).filter(Boolean);
  state.rows = PAGE;
  table();
});
$("more").addEventListener("click", () => { state.rows += PAGE; table(); });
$("closer").addEventListener("click", () => zoom(0.5));
$("farther").addEventListener("click", () => zoom(2));
$("whole").addEventListener("click", whole);
$("theme").addEventListener("click", () => {
  const dark = getComputedStyle(document.documentElement).colorScheme === "dark";
  document.documentElement.dataset.theme = dark ? "light" : "dark";
  chart();
});
addEventListener("resize", () => state.plot && state.plot.setSize({ width: $("chart").clientWidth, height: 320 }));
show(true);
if (live) {
  let tag = null;
  setInterval(async () => {
    const answer = await fetch("data.json", { headers: tag ? { "If-None-Match": tag } : {} }).catch(() => null);
    if (!answer || answer.status !== 200) return;
    tag = answer.headers.get("ETag");
    data = await answer.json();
    if (!$("drawer").open) show(false);
  }, 3000);
}
