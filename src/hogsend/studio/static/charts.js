// Charts over time: lines and bars that follow the pointer together, zoom by dragging, and come
// back with a double click. An element says what it shows: data-chart="area" or "moves", data-points
// (an axis of seconds, and named lines), data-period, data-sync.

const DAY = { hour: { dateStyle: "medium", timeStyle: "short" }, day: { dateStyle: "full" }, week: { dateStyle: "full" } };
const KINDS = ["", "two", "three"];
const drawn = new Map();

function colour(name) {
  const probe = document.createElement("span");
  probe.style.color = `var(--${name})`;
  document.body.append(probe);
  const value = getComputedStyle(probe).color;
  probe.remove();
  return value;
}

const faded = (value, share) => `color-mix(in srgb, ${value} ${share}%, transparent)`;
const short = new Intl.NumberFormat(undefined, { notation: "compact", maximumFractionDigits: 1 });
const whole = new Intl.NumberFormat();

function tip(element, lines, period, kinds) {
  const box = document.createElement("div");
  box.className = "chart-tip";
  box.hidden = true;
  const zone = period === "hour" ? undefined : "UTC"; // days and weeks are those of UTC
  const when = new Intl.DateTimeFormat(undefined, { ...DAY[period], timeZone: zone });
  return {
    hooks: {
      init: (chart) => chart.over.append(box),
      setCursor: (chart) => {
        const { idx, left } = chart.cursor;
        box.hidden = idx === null || idx === undefined || left < 0;
        if (box.hidden) return;
        const head = document.createElement("strong");
        const at = when.format(chart.data[0][idx] * 1000);
        head.textContent = period === "week" ? `Week of ${at}` : at;
        box.replaceChildren(head, ...lines.map(([name, values], number) => {
          const row = document.createElement("span");
          const mark = document.createElement("i");
          mark.className = kinds[number];
          const count = document.createElement("b");
          count.textContent = whole.format(values[idx]);
          row.append(mark, name, count);
          return row;
        }));
        const room = chart.over.clientWidth - left;
        box.style.left = room > box.offsetWidth + 24 ? `${left + 12}px` : `${left - box.offsetWidth - 12}px`;
        box.style.top = "4px";
      },
    },
  };
}

function series(kind, lines) {
  const first = colour("series-1");
  if (kind === "area") {
    return lines.map(() => ({ stroke: first, width: 2, fill: faded(first, 13), points: { show: false } }));
  }
  const [up, down] = [colour("series-2"), colour("series-3")];
  const bars = uPlot.paths.bars({ size: [0.72, 28], radius: 0.15 });
  return [up, down].map((paint) => ({ stroke: paint, fill: paint, width: 0, paths: bars, points: { show: false } }));
}

function axes(kind, period) {
  const [text, line] = [colour("text-2"), colour("line")];
  const font = `12px ${getComputedStyle(document.body).fontFamily}`;
  const shared = { stroke: text, font, ticks: { show: false } };
  const number = (value) => (value % 1 ? "" : short.format(kind === "moves" ? Math.abs(value) : value));
  return [
    { ...shared, grid: { show: false }, space: 70, size: 40 },
    { ...shared, grid: { stroke: line, width: 1 }, size: 46, space: 34, values: (_, ticks) => ticks.map(number) },
  ];
}

function range(kind, low, high) {
  if (kind === "moves") {
    const most = Math.max(1, -low, high);
    return [low < 0 ? -most * 1.1 : 0, high > 0 ? most * 1.1 : 0];
  }
  const from = low > 0.8 * high && high - low > 0 ? Math.max(0, low - (high - low) * 0.5) : 0;
  return [from, Math.max(1, high * 1.06)];
}

/* Half a step, so that the first and the last bar have room. */
const margin = (x) => (x.length > 1 ? (x[1] - x[0]) / 2 : 1800);

function draw(element) {
  const { x, lines } = JSON.parse(element.dataset.points);
  const { chart: kind, period, sync } = element.dataset;
  const kinds = kind === "moves" ? KINDS.slice(1) : KINDS;
  const values = lines.map(([, each], number) => (kind === "moves" && number ? each.map((v) => -v) : each));
  const options = {
    width: element.clientWidth,
    height: element.clientHeight,
    legend: { show: false },
    padding: [8, 8, 0, 0],
    tzDate: (seconds) => (period === "hour" ? new Date(seconds * 1000) : uPlot.tzDate(new Date(seconds * 1000), "Etc/UTC")),
    cursor: { sync: { key: sync, setSeries: false }, y: false, points: { show: kind === "area", size: 7 }, drag: { x: true, y: false } },
    scales: { x: { range: (_, low, high) => [low - margin(x), high + margin(x)] }, y: { range: (_, low, high) => range(kind, low ?? 0, high ?? 1) } },
    axes: axes(kind, period),
    series: [{}, ...series(kind, lines)],
    plugins: [tip(element, lines, period, kinds)],
  };
  element.replaceChildren();
  drawn.set(element, new uPlot(options, [x, ...values], element));
}

const sizes = new ResizeObserver((entries) => {
  for (const { target } of entries) {
    drawn.get(target)?.setSize({ width: target.clientWidth, height: target.clientHeight });
  }
});

function drawAll(root) {
  for (const element of root.querySelectorAll(".chart[data-chart]")) {
    draw(element);
    sizes.observe(element);
  }
}

function redraw() {
  for (const [element, chart] of drawn) {
    chart.destroy();
    drawn.delete(element);
    if (element.isConnected) draw(element);
  }
}

export function drawCharts() {
  if (!window.uPlot) return;
  drawAll(document);
  document.addEventListener("htmx:load", (event) => {
    for (const element of drawn.keys()) {
      if (!element.isConnected) drawn.delete(element);
    }
    if (event.target !== document.body) drawAll(event.target);
  });
  document.addEventListener("studio:theme", redraw);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
}
