// Light, dark, or as the system has it. The choice is in a cookie, so that the server's page
// comes in the right colours and nothing flashes.

const NEXT = { auto: "light", light: "dark", dark: "auto" };
const YEAR_S = 31_536_000;

export function chooseTheme() {
  const button = document.querySelector("[data-theme-toggle]");
  button?.addEventListener("click", () => {
    const theme = NEXT[document.documentElement.dataset.theme] ?? "auto";
    document.documentElement.dataset.theme = theme;
    button.setAttribute("aria-label", `Theme: ${theme}`);
    button.querySelector("[data-theme-label]").textContent =
      theme[0].toUpperCase() + theme.slice(1);
    document.cookie = `hogsend_theme=${theme}; path=/; max-age=${YEAR_S}; samesite=lax`;
    document.dispatchEvent(new CustomEvent("studio:theme"));
  });
}
