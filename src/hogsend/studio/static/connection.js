// What is live asks nothing while nobody looks or a dialog waits for an answer, and says so when
// the server does not answer.

const polls = (event) => event.detail.requestConfig?.triggeringEvent === undefined
  && event.detail.elt.getAttribute("hx-trigger")?.includes("every");

function show(lost) {
  const banner = document.getElementById("offline");
  if (banner) banner.hidden = !lost;
  document.body.classList.toggle("offline", lost);
}

export function watchConnection() {
  document.addEventListener("htmx:beforeRequest", (event) => {
    const waits = document.hidden || document.querySelector("dialog[open]");
    if (polls(event) && waits) event.preventDefault();
  });
  document.addEventListener("htmx:sendError", () => show(true));
  document.addEventListener("htmx:responseError", (event) => show(event.detail.xhr.status !== 401));
  document.addEventListener("htmx:afterOnLoad", () => show(false));
}
