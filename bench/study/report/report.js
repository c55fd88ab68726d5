// What one can do with the charts of a report: see the numbers under the pointer, hide lines, zoom, take the data away.
// Charts over the time of the load share zoom and cursor; each other chart has its own.
"use strict";

const kPlotHeight = 250;
const kLaneHeight = 40;
const kRowHeight = 30;
const kStrip = 18;  // above a heat map, for the names of faults
const kLost = "× lost";

const escapeText = text => String(text).replace(/[&<>"']/g, c => `&#${c.charCodeAt(0)};`);

class Figure {
  constructor(element, chart, linked) {
    this.chart = chart;
    this.linked = linked;  // the figures that zoom together with this one
    this.hidden = new Set();
    this.domain = null;  // zoomed to this; null: everything
    this.element = element;
    this.plot = element.querySelector(".plot");
    this.legend = element.querySelector(".legend");
    this.overlay = d3.select(null);
    this.tip = d3.select(this.plot).append("div").attr("class", "tip").attr("hidden", true);
    this.addTools();
    this.addLegend();
  }

  height() {
    if (this.chart.kind === "space_time") return kLaneHeight * this.chart.space_time.lanes.length;
    return this.chart.kind === "heat" ? kRowHeight * this.chart.heat.rows.length : kPlotHeight;
  }

  // Everything along the x axis.
  allX() {
    if (this.chart.kind === "heat") return this.chart.heat.edges;
    if (this.chart.kind === "space_time") return [].concat(...this.chart.space_time.arrows.map(a => [a.sent, a.arrived]));
    return [].concat(...this.chart.series.map(s => s.x));
  }

  draw() {
    const width = this.plot.clientWidth;
    if (width === 0) return;  // not laid out: a later resize draws it
    const top = kMargin.top + (this.chart.kind === "heat" ? kStrip : 0);
    const bottom = top + this.height();
    const box = {left: kMargin.left, right: width - kMargin.right, top, bottom};
    if (this.chart.kind === "space_time") box.left = 16 + 7.2 * d3.max(this.chart.space_time.lanes, l => l.length);
    box.width = box.right - box.left;
    this.box = box;
    this.x = scaleOf(this.chart.x, this.linked.shownX || this.allX(), this.domain, [box.left, box.right], false);
    d3.select(this.plot).select("svg").remove();
    const svg = d3.select(this.plot).insert("svg", ".tip").attr("width", width).attr("height", bottom + kMargin.bottom)
        .attr("role", "img").attr("aria-label", this.chart.sentence);
    const clip = `clip-${this.chart.id}`;
    const room = this.chart.series.some(s => s.style === "points") ? 6 : 1;  // for markers at the edge
    svg.append("clipPath").attr("id", clip).append("rect").attr("x", box.left - room).attr("y", 0)
        .attr("width", box.width + 2 * room).attr("height", bottom + 6);
    this.drawKind(svg, clip);
    drawX(svg, this.chart, box, this.x);
    this.overlay = svg.append("g");
    this.listen(svg);
    this.element.querySelector(".reset").hidden = this.domain === null;
  }

  drawKind(svg, clip) {
    const clipped = () => svg.append("g").attr("clip-path", `url(#${clip})`);
    if (this.chart.kind === "heat") {
      drawHeat(svg, this.chart, this.box, this.x, this.plot);
      return drawBands(svg, this.chart, this.box, this.x, this.box.top - kStrip, this.box.top - 2);
    }
    if (this.chart.kind === "space_time") return this.drawMessages(svg, clipped);
    const visible = visibleY(this.chart, this.hidden, this.x.domain());
    this.y = scaleOf(this.chart.y, visible, null, [this.box.bottom, this.box.top + (this.chart.bands.length ? 20 : 8)], true);
    drawY(svg, this.chart, this.box, this.y);
    drawBands(svg, this.chart, this.box, this.x);
    const g = clipped();
    this.chart.series.forEach((series, i) => {
      if (!this.hidden.has(series.name)) drawSeries(g, this.chart, i, this.x, this.y);
    });
  }

  drawMessages(svg, clipped) {
    drawBands(svg, this.chart, this.box, this.x);
    const laneY = i => this.box.top + kLaneHeight * (i + 0.6);
    this.chart.space_time.lanes.forEach((name, i) => {
      svg.append("line").attr("class", "axis").attr("x1", this.box.left).attr("x2", this.box.right)
          .attr("y1", laneY(i)).attr("y2", laneY(i));
      svg.append("text").attr("class", "lane").attr("x", this.box.left - 8).attr("y", laneY(i) + 4)
          .attr("text-anchor", "end").text(name);
    });
    const g = clipped();
    this.arrows = arrowEnds(this.chart, this.x, laneY).filter(end => !this.hides(end.arrow));
    for (const end of this.arrows) end.node = drawArrow(g, end, this.chart.space_time.names);
  }

  // ---- legend and tools ---------------------------------------------------------------------------------------------

  addLegend() {
    const entries = this.chart.kind === "space_time" ? arrowEntries(this.chart.space_time)
        : this.chart.series.map((s, i) => ({name: s.name, colour: colourOf(s.colour), dash: dashOf(this.chart, i)}));
    if (entries.length < 2) return;
    for (const entry of entries) {
      const button = d3.select(this.legend).append("button").attr("type", "button").attr("aria-pressed", "true")
          .attr("data-name", entry.name);
      button.append("svg").attr("width", 22).attr("height", 8).append("line").attr("x2", 22).attr("y1", 4).attr("y2", 4)
          .attr("stroke", entry.colour).attr("stroke-width", 2.4).attr("stroke-dasharray", entry.dash);
      button.append("span").text(entry.name);
      button.on("click", () => {
        const show = this.hidden.has(entry.name);
        if (d3.event.shiftKey) figures.forEach(figure => figure.showVariant(entry.name, show));
        else this.show(entry.name, show);
      });
    }
  }

  hides(arrow) {
    return this.hidden.has(arrow.name) || arrow.arrived === null && this.hidden.has(kLost);
  }

  // Of a variant that has several lines here: "all", or "all, p99" and "all, p50".
  showVariant(name, visible) {
    for (const {dataset} of [...this.legend.children])
      if (dataset.name === name || dataset.name.startsWith(`${name}, `)) this.show(dataset.name, visible);
  }

  show(name, visible) {
    const button = [...this.legend.children].find(b => b.dataset.name === name);
    if (!button) return;
    if (visible) this.hidden.delete(name); else this.hidden.add(name);
    button.setAttribute("aria-pressed", String(visible));
    this.draw();
  }

  addTools() {
    const tools = d3.select(this.element).select(".tools");
    tools.insert("button", ":first-child").attr("type", "button").attr("class", "reset").attr("hidden", true).text("zoom out")
        .on("click", () => this.zoom(null));
    tools.append("button").attr("type", "button").attr("class", "csv").text("CSV").on("click", () => this.saveCsv());
  }

  saveCsv() {
    const link = document.createElement("a");
    link.href = "data:text/csv;charset=utf-8," + encodeURIComponent(csvOf(this.chart));
    link.download = `${this.chart.id}.csv`;
    link.click();
  }

  // ---- pointer and keys ---------------------------------------------------------------------------------------------

  listen(svg) {
    const {left, top, bottom, width} = this.box;
    const hit = svg.append("rect").attr("class", "hit").attr("x", left).attr("y", top).attr("width", width)
        .attr("height", bottom - top);
    hit.on("pointermove", () => this.moved(d3.mouse(hit.node())))
        .on("pointerleave", () => d3.event.pointerType === "touch" || this.left())  // what a tap shows stays
        .on("pointerdown", () => this.pressed(hit.node()))
        .on("pointerup", () => this.released(d3.mouse(hit.node())))
        .on("pointercancel", () => this.left())
        .on("dblclick", () => this.zoom(null));
    this.plot.onkeydown = event => this.key(event);
  }

  pressed(node) {
    if (d3.event.pointerType === "touch") return this.moved(d3.mouse(node));
    if (d3.event.button !== 0 || this.chart.x.categories.length) return;
    this.start = d3.mouse(node)[0];
    node.setPointerCapture(d3.event.pointerId);
  }

  moved(at) {
    this.cursorAt = Math.max(this.box.left, Math.min(this.box.right, at[0]));
    if (this.start !== undefined && Math.abs(at[0] - this.start) > 4) return this.select();
    const value = this.x.invert(this.cursorAt);
    for (const figure of this.linked) figure.showCursor(value, figure === this ? at : null);
  }

  select() {
    this.left();
    const [from, to] = [this.start, this.cursorAt].sort(d3.ascending);
    this.overlay.append("rect").attr("class", "selection").attr("x", from).attr("width", to - from)
        .attr("y", this.box.top).attr("height", this.box.bottom - this.box.top);
  }

  released(at) {
    const start = this.start;
    this.start = undefined;
    if (start === undefined || Math.abs(at[0] - start) <= 4) return;
    const ends = [start, Math.max(this.box.left, Math.min(this.box.right, at[0]))].sort(d3.ascending);
    this.zoom(ends.map(this.x.invert));
  }

  left() {
    for (const figure of this.linked) figure.hideCursor();
  }

  zoom(domain) {
    for (const figure of this.linked) {
      figure.domain = domain;
      figure.draw();
      figure.hideCursor();
    }
  }

  // Arrows move the cursor, + and - zoom around it, 0 and Escape zoom out.
  key(event) {
    const {left, right, top, width} = this.box;
    const at = this.cursorAt === undefined ? (left + right) / 2 : this.cursorAt;
    const step = {ArrowLeft: -width / 100, ArrowRight: width / 100}[event.key];
    if (step) this.moved([Math.max(left, Math.min(right, at + step)), top + 20]);
    else if (event.key === "+") this.zoom([at - width / 4, at + width / 4].map(this.x.invert));
    else if (event.key === "-" || event.key === "0" || event.key === "Escape") this.zoom(null);
    else return;
    event.preventDefault();
  }

  // ---- cursor and tip -----------------------------------------------------------------------------------------------

  hideCursor() {
    this.overlay.selectAll("*").remove();
    this.tip.attr("hidden", true);
    if (this.arrows) for (const end of this.arrows) end.node.classed("dim", false);
  }

  // `at`: where the pointer is, on the figure that it is over.
  showCursor(value, at) {
    this.hideCursor();
    const [low, high] = this.x.domain();
    if (value < low || value > high) return;
    if (this.chart.kind === "space_time") return at && this.showArrow(at);
    const x = this.chart.x.categories.length ? this.x(Math.round(value)) : this.x(value);
    this.overlay.append("line").attr("class", "cursor").attr("x1", x).attr("x2", x)
        .attr("y1", this.box.top).attr("y2", this.box.bottom);
    if (this.chart.kind === "heat") return at && this.showTip(at, this.heatTip(value, at[1]));
    const rows = this.chart.series.filter(s => !this.hidden.has(s.name)).map(s => this.rowAt(s, value)).filter(r => r);
    for (const row of rows)
      if (row.y !== null)
        this.overlay.append("circle").attr("cx", this.x(row.x)).attr("cy", this.y(row.y)).attr("r", 3.5)
            .attr("fill", row.colour).attr("pointer-events", "none");
    if (at) this.showTip(at, this.seriesTip(value, rows));
  }

  // A step has its value until the next one; of points and lines the nearest counts.
  rowAt(series, value) {
    if (!series.x.length) return null;
    let k = Math.max(0, d3.bisectRight(series.x, value) - 1);
    const px = i => Math.abs(this.x(series.x[i]) - this.x(value));
    if (series.style !== "step" && k + 1 < series.x.length && px(k + 1) < px(k)) ++k;
    if (series.style === "step" && value < series.x[0]) return null;
    const x = series.style === "step" ? Math.min(value, series.x[series.x.length - 1]) : series.x[k];
    return {name: series.name, colour: colourOf(series.colour), x, y: series.y[k], low: series.low[k],
            high: series.high[k]};
  }

  seriesTip(value, rows) {
    const {categories, label} = this.chart.x;
    const at = rows.length && this.chart.series[0].style === "points" ? rows[0].x : value;
    const [, what, unit] = /^(.*) \((\w+)\)$/.exec(label) || [null, label, ""];
    const head = categories.length ? categories[Math.round(value)] || "" : `${said(at)} ${unit} · ${what}`;
    const bands = this.chart.x.time ? this.chart.bands.filter(b => b.begin <= value && value <= b.end) : [];
    const line = row => `<tr><td><span class="swatch" style="background:${row.colour}"></span>${escapeText(row.name)}` +
        `</td><td><b>${said(row.y)}</b></td><td class="soft">` +
        (row.low === undefined ? "" : `${said(row.low)} to ${said(row.high)}`) + "</td></tr>";
    return `<div class="soft">${escapeText(head)}</div><table>${rows.map(line).join("")}</table>` +
        bands.map(b => `<div class="soft">${escapeText(b.name)}</div>`).join("");
  }

  heatTip(value, y) {
    const {rows, edges, cells, unit} = this.chart.heat;
    const row = Math.floor((y - this.box.top) / (this.box.bottom - this.box.top) * rows.length);
    const column = d3.bisectRight(edges, value) - 1;
    if (!rows[row] || cells[row][column] === undefined) return "";
    return `<b>${escapeText(rows[row])}</b>: ${said(cells[row][column])} ${escapeText(unit)}<div class="soft">` +
        `${said(edges[column])} to ${said(edges[column + 1])} s</div>`;
  }

  showArrow(at) {
    const nearest = this.arrows[d3.scan(this.arrows, (a, b) => distance(a, at) - distance(b, at))];
    if (!nearest || distance(nearest, at) > 14) return;
    for (const end of this.arrows) end.node.classed("dim", end !== nearest);
    const {name, note, sent, arrived, from, to} = nearest.arrow;
    const lanes = this.chart.space_time.lanes;
    const end = arrived === null ? "lost" : `arrived at ${said(arrived)} ms, after ${said(arrived - sent)} ms`;
    this.showTip(at, `<b>${escapeText(name)}</b> ${escapeText(lanes[from])} → ${escapeText(lanes[to])}` +
        (note ? `<div>${escapeText(note)}</div>` : "") + `<div class="soft">sent at ${said(sent)} ms, ${end}</div>`);
  }

  // Beside the pointer, on the side that has room.
  showTip(at, html) {
    if (!html) return;
    this.tip.attr("hidden", null).html(html);
    const {offsetWidth, offsetHeight} = this.tip.node();
    const right = at[0] + 18 + offsetWidth <= this.plot.clientWidth;
    const x = right ? at[0] + 18 : Math.max(0, at[0] - 18 - offsetWidth);
    const y = Math.max(this.box.top, Math.min(at[1] - offsetHeight / 2, this.box.bottom - offsetHeight));
    this.tip.style("transform", `translate(${x}px,${y}px)`);
  }
}

// Of a point from an arrow's line.
function distance({from, to}, [x, y]) {
  const [dx, dy] = [to[0] - from[0], to[1] - from[1]];
  const share = Math.max(0, Math.min(1, ((x - from[0]) * dx + (y - from[1]) * dy) / (dx * dx + dy * dy || 1)));
  return Math.hypot(x - from[0] - share * dx, y - from[1] - share * dy);
}

// The names that occur in a diagram, and what is lost.
function arrowEntries({names, arrows}) {
  const here = names.filter(name => arrows.some(arrow => arrow.name === name));
  const entries = here.map(name => ({name, colour: arrowColour(names, name), dash: ""}));
  if (arrows.some(arrow => arrow.arrived === null)) entries.push({name: kLost, colour: "var(--lost)", dash: ""});
  return entries;
}

// One row a point, so that charts whose series have points of their own need no gaps.
function csvOf(chart) {
  const cell = value => value === null || value === undefined ? "" : typeof value === "number" ? String(value)
      : `"${String(value).replace(/"/g, '""')}"`;
  const rows = [];
  if (chart.kind === "plot") {
    rows.push(["series", chart.x.label, chart.y.label, "low", "high"]);
    for (const s of chart.series)
      s.x.forEach((x, k) => rows.push([s.name, chart.x.categories[x] || x, s.y[k], s.low[k], s.high[k]]));
  } else if (chart.kind === "heat") {
    rows.push(["row", "from", "to", chart.heat.unit]);
    chart.heat.rows.forEach((row, i) => chart.heat.cells[i].forEach(
        (value, k) => rows.push([row, chart.heat.edges[k], chart.heat.edges[k + 1], value])));
  } else {
    const {lanes, arrows} = chart.space_time;
    rows.push(["sent (ms)", "arrived (ms)", "from", "to", "message", "note"]);
    for (const a of arrows) rows.push([a.sent, a.arrived, lanes[a.from], lanes[a.to], a.name, a.note]);
  }
  return rows.map(row => row.map(cell).join(",") + "\n").join("");
}

const figures = [];
const overTime = [];
for (const chart of JSON.parse(document.getElementById("charts").textContent).charts) {
  const element = document.getElementById(chart.id);
  const own = [];
  const linked = chart.x.time ? overTime : own;
  const figure = new Figure(element, chart, linked);
  linked.push(figure);
  figures.push(figure);
}
overTime.shownX = d3.extent([].concat(...overTime.map(figure => d3.extent(figure.allX()))));
const drawAll = () => figures.forEach(figure => figure.draw());
drawAll();
let drawnWidth = document.body.clientWidth;
window.addEventListener("resize", () => {
  if (document.body.clientWidth !== drawnWidth) drawAll();
  drawnWidth = document.body.clientWidth;
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);
