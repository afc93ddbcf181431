// The pay page without reloads: asks where the payment stands, counts the time down, copies.
// Everything works without it; the words come from the page, so that they are translated there.
(() => {
  "use strict";

  const html = document.documentElement;
  const main = document.querySelector("main");
  const says = document.getElementById("says");
  let live = document.getElementById("live");
  if (!live) return;
  html.classList.add("js");

  // --- the server's clock: a phone's may be wrong ------------------------------------------------
  let ahead = Number(main.dataset.now) * 1000 - Date.now();
  const now = () => Date.now() + ahead;
  const local = new Intl.DateTimeFormat(`${html.lang}-u-nu-latn-ca-gregory`, { dateStyle: "medium", timeStyle: "short" });

  const tick = () => {
    const time = live.querySelector("[data-deadline]");
    if (!time) return;
    const left = Math.max(0, Math.ceil(Number(time.dataset.deadline) - now() / 1000));
    const two = (number) => String(number).padStart(2, "0");
    const hours = Math.floor(left / 3600);
    const minutes = Math.floor(left / 60) % 60;
    time.textContent = hours ? `${hours}:${two(minutes)}:${two(left % 60)}` : `${minutes}:${two(left % 60)}`;
    time.previousElementSibling.textContent = time.dataset.label;
    if (left === 0 && !time.dataset.ended) {
      time.dataset.ended = "1";
      plan(1000);
    }
  };
  const dress = () => {
    for (const time of live.querySelectorAll("[data-local]")) {
      time.textContent = local.format(new Date(time.dateTime));
      time.dir = "auto";
    }
    tick();
  };

  // --- where the payment stands -----------------------------------------------------------------
  let etag = main.dataset.etag;
  let asked = 0;
  let failures = 0;
  let timer = 0;
  let asking = false;

  const pause = () => {
    if (failures) return Math.min(60000, 3000 * 2 ** failures);
    if (asked < 40) return "hurry" in live.dataset ? 1500 : 3000;
    return asked < 100 ? 10000 : 30000;
  };
  const plan = (milliseconds = pause()) => {
    clearTimeout(timer);
    if (!document.hidden && !("over" in live.dataset)) timer = setTimeout(look, milliseconds);
  };

  const show = (text) => {
    const next = new DOMParser().parseFromString(text, "text/html").getElementById("live");
    if (!next) throw new Error("no live part");
    const focused = live.contains(document.activeElement) ? document.activeElement : null;
    const typed = [...live.querySelectorAll("input[id]")].map((field) => [field.id, field.value]);
    const open = [...live.querySelectorAll("details[open]")].map((each) => each.id);
    const before = live.dataset.says;
    live.replaceWith(next);
    live = next;
    for (const id of open) document.getElementById(id)?.setAttribute("open", "");
    for (const [id, value] of typed) {
      const field = document.getElementById(id);
      if (field) field.value = value;
    }
    if (focused) (document.getElementById(focused.id) || live.querySelector("h1")).focus({ preventScroll: true });
    document.title = live.dataset.title;
    if (live.dataset.says !== before) says.textContent = live.dataset.says;
    asked = 0;
    dress();
  };

  const look = async () => {
    if (asking) return;
    asking = true;
    try {
      const answer = await fetch(`live/${location.search}`, {
        headers: { "If-None-Match": etag },
        cache: "no-store",
        credentials: "omit",
        redirect: "error",
        signal: AbortSignal.timeout(15000),
      });
      if (answer.status === 200) {
        const text = await answer.text();
        etag = answer.headers.get("ETag") || "";
        show(text);
      } else if (answer.status !== 304) {
        throw new Error(`HTTP ${answer.status}`);
      }
      const date = Date.parse(answer.headers.get("Date") || "");
      // It has whole seconds only: small differences are not the phone's fault.
      if (date && Math.abs(date - now()) > 2000) ahead = date - Date.now();
      failures = 0;
    } catch {
      failures += 1;
    } finally {
      asking = false;
      asked += 1;
      plan();
    }
  };

  const again = () => {
    if (document.hidden) {
      clearTimeout(timer);
    } else {
      asked = failures = 0;
      tick();
      plan(0);
    }
  };
  document.addEventListener("visibilitychange", again);
  addEventListener("online", again);
  addEventListener("pageshow", (event) => event.persisted && again());

  // --- copying ----------------------------------------------------------------------------------
  const copied = async (text) => {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      // Not allowed, or not there over plain HTTP: the old way.
      const field = document.createElement("textarea");
      field.value = text;
      field.className = "unseen";
      main.append(field);
      field.select();
      const done = document.execCommand("copy");
      field.remove();
      return done;
    }
  };
  document.addEventListener("click", async (event) => {
    const button = event.target.closest?.("[data-copy]");
    if (!button) return;
    const word = button.querySelector("span");
    const before = word.dataset.word || word.textContent;
    word.dataset.word = before;
    const done = await copied(button.dataset.copy);
    button.focus({ preventScroll: true });
    says.textContent = done ? main.dataset.copied : main.dataset.failed;
    if (!done) return;
    word.textContent = main.dataset.copied;
    button.classList.add("done");
    setTimeout(() => {
      word.textContent = before;
      button.classList.remove("done");
      if (says.textContent === main.dataset.copied) says.textContent = "";
    }, 2500);
  });

  setInterval(tick, 1000);
  dress();
  plan();
})();
