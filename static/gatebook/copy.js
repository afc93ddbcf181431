// Copy buttons beside values. Without this script the values can still be selected by hand.
"use strict";
for (const button of document.querySelectorAll(".copy-button")) {
  const value = button.parentElement.querySelector(".copied");
  if (!value || !navigator.clipboard) continue;
  const offer = button.textContent;
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(value.textContent);
    button.textContent = button.dataset.copied;
    button.setAttribute("aria-live", "polite");
    setTimeout(() => { button.textContent = offer; }, 2000);
  });
}
