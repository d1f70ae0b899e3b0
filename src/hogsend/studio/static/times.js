// Instants in the viewer's zone and language; the exact UTC stays in the title.

const MINUTE = 60, HOUR = 3600, DAY = 86_400;
const at = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
const exact = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
const date = new Intl.DateTimeFormat(undefined, { dateStyle: "medium" });

function span(seconds) {
  if (seconds < MINUTE) return `${Math.floor(seconds)} s`;
  if (seconds < HOUR) return `${Math.floor(seconds / MINUTE)} min`;
  if (seconds < 2 * DAY) return `${Math.floor(seconds / HOUR)} h`;
  return `${Math.floor(seconds / DAY)} d`;
}

function ago(instant) {
  const seconds = (Date.now() - instant) / 1000;
  if (Math.abs(seconds) >= 30 * DAY) return date.format(instant);
  if (seconds < 0) return `in ${span(-seconds)}`;
  return seconds < 1 ? "now" : `${span(seconds)} ago`;
}

const HOW = { at: (i) => at.format(i), exact: (i) => exact.format(i), date: (i) => date.format(i), ago };

function tell(root) {
  for (const element of root.querySelectorAll("time[data-time]")) {
    const text = (HOW[element.dataset.time] ?? HOW.at)(new Date(element.dateTime));
    if (element.textContent !== text) element.textContent = text;
  }
}

export function tellTimes() {
  tell(document);
  document.addEventListener("htmx:load", (event) => tell(event.target));
  setInterval(() => {
    if (!document.hidden) tell(document);
  }, 1000);
}
