// The side navigation of narrow screens.

export function toggleMenu() {
  const button = document.querySelector("[data-toggle='side']");
  const side = document.getElementById("side");
  if (!button || !side) return;
  const show = (open) => {
    side.classList.toggle("open", open);
    button.setAttribute("aria-expanded", String(open));
  };
  button.addEventListener("click", () => show(!side.classList.contains("open")));
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && side.classList.contains("open")) {
      show(false);
      button.focus();
    }
  });
}
