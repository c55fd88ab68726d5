// Drawing: scales and the three kinds of charts, as SVG in an element. What one can do with them is in report.js.
"use strict";

const kMargin = {left: 64, right: 14, top: 26, bottom: 40};
const kColours = 7;

const colourOf = i => `var(--c${i % kColours})`;
const kDashes = ["", "7 3", "2 2", "9 3 2 3", "4 2", "1 3", "12 4"];

// ---- numbers --------------------------------------------------------------------------------------------------------

// Four significant digits, or the whole number.
function said(value) {
  if (value === null || value === undefined) return "–";
  if (Math.abs(value) >= 1e4) return d3.format(",.0f")(value).replace(/,/g, "\u2009");
  return String(Number(value.toPrecision(4)));
}

function tickText(value) {
  if (Math.abs(value) >= 1e6) return Number((value / 1e6).toPrecision(6)) + "M";
  if (Math.abs(value) >= 1e4) return Number((value / 1e3).toPrecision(6)) + "k";
  return String(Number(value.toPrecision(6)));
}

// ---- scales ---------------------------------------------------------------------------------------------------------

// A logarithmic axis shows zero too, at a place of its own below the smallest decade.
function logScale(axis, values, domain, range) {
  const kZeroGap = 0.7;
  const above = values.filter(v => v > 0);
  const least = Math.max(d3.min(above) || 1, axis.whole ? 1 : 0);
  const decade = Math.pow(10, Math.floor(Math.log10(least) + 1e-9));
  const zero = values.some(v => v <= 0);
  const low = zero ? decade / Math.pow(10, kZeroGap)
      : decade * [5, 2, 1].find(m => m * decade <= least * (1 + 1e-9));
  const most = d3.max(above) || 1;
  const inner = d3.scaleLog().domain(domain || [low, most > low ? most : low * 10]).range(range);
  const floor = inner.domain()[0];
  const decades = Math.log10(inner.domain()[1] / decade);
  const scale = v => inner(Math.max(v, floor));
  scale.invert = inner.invert;
  scale.domain = () => inner.domain();
  scale.ticks = about => {
    const stride = Math.max(1, Math.floor(decades / about));
    const ticks = [];
    for (let k = 0; k <= decades + 1e-9; k += stride)
      for (const m of decades >= 3 ? [1] : [1, 2, 5]) ticks.push(m * decade * Math.pow(10, k));
    const shown = ticks.filter(v => v >= floor * (1 - 1e-9) && v <= inner.domain()[1] * (1 + 1e-9));
    return (zero && !domain ? [{at: scale(0), text: "0"}] : []).concat(
        shown.map(v => ({at: scale(v), text: tickText(v)})));
  };
  return scale;
}

function linearScale(axis, values, domain, range, nice) {
  let [low, high] = d3.extent(values);
  if (low === undefined) [low, high] = [0, 1];
  if (axis.from_zero) low = Math.min(0, low);
  if (high <= low) high = low + (low === 0 ? 1 : Math.abs(low) * 0.1);
  if (axis.categories.length) [low, high] = [-0.5, axis.categories.length - 0.5];
  const scale = d3.scaleLinear().domain(domain || [low, high]).range(range);
  if (nice) scale.nice(5);
  const inner = scale.ticks;
  scale.ticks = about => axis.categories.length
      ? axis.categories.map((text, i) => ({at: scale(i), text}))
      : inner(about).filter(v => !axis.whole || Number.isInteger(v)).map(v => ({at: scale(v), text: tickText(v)}));
  return scale;
}

function scaleOf(axis, values, domain, range, nice) {
  const real = values.filter(v => v !== null);
  return axis.log ? logScale(axis, real, domain, range) : linearScale(axis, real, domain, range, nice);
}

// ---- what surrounds a chart -----------------------------------------------------------------------------------------

function drawX(g, chart, box, x) {
  const about = Math.max(3, Math.floor(box.width / 90));
  for (const tick of x.ticks(about)) {
    if (tick.at < box.left - 1 || tick.at > box.right + 1) continue;
    g.append("line").attr("class", "axis").attr("x1", tick.at).attr("x2", tick.at)
        .attr("y1", box.bottom).attr("y2", box.bottom + 5);
    g.append("text").attr("x", tick.at).attr("y", box.bottom + 18).attr("text-anchor", "middle").text(tick.text);
  }
  g.append("line").attr("class", "axis").attr("x1", box.left).attr("x2", box.right)
      .attr("y1", box.bottom).attr("y2", box.bottom);
  g.append("text").attr("x", box.right).attr("y", box.bottom + 35).attr("text-anchor", "end").text(chart.x.label);
}

function drawY(g, chart, box, y) {
  for (const tick of y.ticks(5)) {
    g.append("line").attr("class", "grid").attr("x1", box.left).attr("x2", box.right)
        .attr("y1", tick.at).attr("y2", tick.at);
    g.append("text").attr("x", box.left - 8).attr("y", tick.at + 4).attr("text-anchor", "end").text(tick.text);
  }
  g.append("text").attr("x", 0).attr("y", 12).text(chart.y.label);
}

// Names stand in their bands where there is room.
function drawBands(g, chart, box, x, top = box.top, bottom = box.bottom) {
  let free = box.left;
  for (const band of chart.bands) {
    const from = Math.max(box.left, Math.min(box.right, x(band.begin)));
    const to = Math.max(box.left, Math.min(box.right, x(band.end)));
    if (to <= box.left || from >= box.right) continue;
    g.append("rect").attr("class", "band").attr("x", from).attr("y", top)
        .attr("width", Math.max(1, to - from)).attr("height", bottom - top);
    const start = Math.max(from, free) + 4;
    const letters = Math.floor((to - start) / 5.7);
    if (letters < 4) continue;
    const name = band.name.length <= letters ? band.name : band.name.slice(0, letters - 1) + "…";
    g.append("text").attr("class", "bandname").attr("x", start).attr("y", top + 13).text(name);
    free = start + 5.7 * name.length;
  }
}

// ---- series ---------------------------------------------------------------------------------------------------------

const markers = [d3.symbolCircle, d3.symbolSquare, d3.symbolTriangle, d3.symbolDiamond];

// Lines of one colour are told apart by their dashes.
function dashOf(chart, i) {
  const hue = series => series.colour % kColours;
  const alike = chart.series.slice(0, i).filter(s => hue(s) === hue(chart.series[i])).length;
  return kDashes[alike % kDashes.length];
}

function drawSeries(g, chart, i, x, y) {
  const series = chart.series[i];
  const colour = colourOf(series.colour);
  const curve = series.style === "step" ? d3.curveStepAfter : d3.curveLinear;
  const at = (_, k) => x(series.x[k]);
  if (series.low.length && series.style !== "points")
    g.append("path").attr("fill", colour).attr("fill-opacity", Math.min(0.16, 0.8 / chart.series.length))
        .attr("d", d3.area().curve(curve).defined((_, k) => series.low[k] !== null && series.high[k] !== null)
            .x(at).y0((_, k) => y(series.low[k])).y1((_, k) => y(series.high[k]))(series.x));
  if (!chart.x.categories.length)
    g.append("path").attr("fill", "none").attr("stroke", colour).attr("stroke-width", series.thin ? 1.1 : 1.8)
        .attr("stroke-linejoin", "round").attr("stroke-dasharray", dashOf(chart, i))
        .attr("d", d3.line().curve(curve).defined(v => v !== null).x(at).y(v => y(v))(series.y));
  if (series.style !== "points") return;
  series.x.forEach((value, k) => {
    if (series.low.length)
      g.append("line").attr("stroke", colour).attr("x1", x(value)).attr("x2", x(value))
          .attr("y1", y(series.low[k])).attr("y2", y(series.high[k]));
    g.append("path").attr("fill", colour).attr("transform", `translate(${x(value)},${y(series.y[k])})`)
        .attr("d", d3.symbol().type(markers[i % markers.length]).size(46)());
  });
}

// All values that are on show between two times, and one beyond on each side.
function visibleY(chart, hidden, [low, high]) {
  const values = [];
  chart.series.forEach(series => {
    if (hidden.has(series.name)) return;
    const from = Math.max(0, d3.bisectLeft(series.x, low) - 1);
    const to = d3.bisectRight(series.x, high) + 1;
    for (const column of [series.y, series.low, series.high]) values.push(...column.slice(from, to));
  });
  return values;
}

// ---- heat maps ------------------------------------------------------------------------------------------------------

function heatColours(element, most) {
  const style = getComputedStyle(element);
  const stops = [0, 1, 2, 3].map(i => style.getPropertyValue(`--heat${i}`).trim());
  const inner = d3.scaleLinear().domain([0, 1 / 3, 2 / 3, 1]).range(stops);
  return value => inner(most > 0 ? Math.log1p(value) / Math.log1p(most) : 0);
}

// Cells side by side with one value are one rectangle; zeros are paper.
function drawHeat(g, chart, box, x, element) {
  const {rows, edges, cells, unit} = chart.heat;
  const most = d3.max(cells, row => d3.max(row));
  const colours = heatColours(element, most);
  const height = (box.bottom - box.top) / rows.length;
  rows.forEach((name, row) => {
    const top = box.top + row * height;
    g.append("text").attr("class", "lane").attr("x", box.left - 8).attr("y", top + height / 2 + 4)
        .attr("text-anchor", "end").text(name);
    for (let from = 0, to = 0; from < cells[row].length; from = to) {
      while (to < cells[row].length && cells[row][to] === cells[row][from]) ++to;
      const left = Math.max(box.left, x(edges[from]));
      const right = Math.min(box.right, x(edges[to]));
      if (cells[row][from] > 0 && right > left)
        g.append("rect").attr("x", left).attr("y", top + 1).attr("width", right - left).attr("height", height - 2)
            .attr("fill", colours(cells[row][from])).attr("shape-rendering", "crispEdges");
    }
  });
  drawHeatKey(g, box, colours, most, unit);
}

function drawHeatKey(g, box, colours, most, unit) {
  const wide = 110;
  const text = g.append("text").attr("x", box.right).attr("y", 12).attr("text-anchor", "end")
      .text(`${said(most)} ${unit}`);
  const right = box.right - text.node().getComputedTextLength() - 6;
  for (let i = 0; i < wide; i += 2)
    g.append("rect").attr("x", right - wide + i).attr("y", 3).attr("width", 2.2).attr("height", 10)
        .attr("fill", colours(Math.expm1(i / wide * Math.log1p(most))));
  g.append("text").attr("x", right - wide - 6).attr("y", 12).attr("text-anchor", "end").text("0");
}

// ---- space-time diagrams --------------------------------------------------------------------------------------------

const kNamesMax = 6;

function arrowColour(names, name) {
  const place = names.indexOf(name);
  return place < kNamesMax ? colourOf(place) : "var(--soft)";
}

// Lost messages are drawn as if they had flown as fast as the others, and end midway.
function arrowEnds(chart, x, laneY) {
  const flights = chart.space_time.arrows.filter(a => a.arrived !== null).map(a => a.arrived - a.sent);
  const flight = d3.median(flights) || 1;
  return chart.space_time.arrows.map(arrow => {
    const from = [x(arrow.sent), laneY(arrow.from)];
    const to = [x(arrow.arrived === null ? arrow.sent + flight : arrow.arrived), laneY(arrow.to)];
    const share = arrow.arrived === null ? 0.45 : 1;
    return {arrow, from, to: [from[0] + (to[0] - from[0]) * share, from[1] + (to[1] - from[1]) * share]};
  });
}

function arrowHead(from, to) {
  const angle = Math.atan2(to[1] - from[1], to[0] - from[0]);
  const corner = turn => [to[0] - 7 * Math.cos(angle + turn), to[1] - 7 * Math.sin(angle + turn)];
  return `M${to}L${corner(0.35)}L${corner(-0.35)}Z`;
}

function drawArrow(g, {arrow, from, to}, names) {
  const group = g.append("g");
  if (arrow.arrived === null) {
    group.attr("class", "lost").append("path").attr("fill", "none")
        .attr("d", `M${from}L${to}m-3.5,-3.5l7,7m-7,0l7,-7`).attr("stroke-width", 1.3);
    return group;
  }
  const colour = arrowColour(names, arrow.name);
  group.append("path").attr("stroke", colour).attr("stroke-width", 1).attr("d", `M${from}L${to}`);
  group.append("path").attr("fill", colour).attr("d", arrowHead(from, to));
  return group;
}
