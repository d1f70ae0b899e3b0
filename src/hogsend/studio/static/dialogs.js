// Dialogs: a button with data-dialog opens one, data-close or a click beside it closes it.

export function openDialogs() {
  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-dialog]");
    if (opener) document.getElementById(opener.dataset.dialog)?.showModal();
    if (event.target.closest("[data-close]") || event.target.matches("dialog")) {
      event.target.closest("dialog")?.close();
    }
  });
}
