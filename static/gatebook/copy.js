// Copy buttons beside values. Without this script the values can still be selected by hand.
"use strict";
for (const button of document.querySelectorAll(".copy-button")) {
  const value = button.parentElement.querySelector(".copied");
  if (!value || !navigator.clipboard) continue;
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(value.textContent);
    button.textContent = "Copied";
    button.setAttribute("aria-live", "polite");
    setTimeout(() => { button.textContent = "Copy"; }, 2000);
  });
}
