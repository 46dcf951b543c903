// What the forms do beyond sending themselves. Without this file they work too.
"use strict";

(() => {
  const TICK_MS = 250;
  const FOLLOW_MS = 2000;
  const BUSY_MS = 15_000;
  const code = document.getElementById("code");
  const again = document.getElementById("again");

  // A pasted "123 456" loses its space. Digits of every script stay: the service reads them.
  const digitsOf = (text) => Array.from(text).filter((character) => /\p{Nd}/u.test(character));

  const watchCode = () => {
    const boxes = Array.from(document.querySelectorAll(".boxes span"));

    const mark = () => {
      const at = Math.min(code.selectionStart ?? 0, boxes.length - 1);
      boxes.forEach((box, place) => {
        box.classList.toggle("here", place === at && document.activeElement === code);
      });
    };

    const take = () => {
      const caret = digitsOf(code.value.slice(0, code.selectionStart)).length;
      const digits = digitsOf(code.value).slice(0, boxes.length);
      if (digits.join("") !== code.value) {
        code.value = digits.join("");
        code.setSelectionRange(caret, caret);
      }
      mark();
      if (digits.length === boxes.length) code.form.requestSubmit();
    };

    // Said here, for without a script it would not be true.
    document.getElementById("hint").hidden = false;
    code.setAttribute("aria-describedby", `${code.getAttribute("aria-describedby")} hint`);
    code.addEventListener("input", take);
    document.addEventListener("selectionchange", mark);
    code.addEventListener("focus", mark);
    code.addEventListener("blur", mark);
    mark();
  };

  // When the next message may be asked for; an SMS that went out by itself moves it.
  let waitEnds = 0;

  const countDown = (seconds) => {
    const wait = document.getElementById("wait");
    const isRunning = performance.now() < waitEnds;
    waitEnds = performance.now() + seconds * 1000;

    const tick = () => {
      const left = Math.ceil((waitEnds - performance.now()) / 1000);
      for (const button of again.querySelectorAll("button")) button.disabled = left > 0;
      if (left > 0) {
        const clock = left < 60 ? `${left} s` : `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")} min`;
        wait.textContent = `Another one can be sent in ${clock}.`;
        setTimeout(tick, TICK_MS);
      } else {
        wait.textContent = "";
        // Said once; the seconds before are shown, not spoken.
        document.getElementById("ready").textContent = "Another code can be sent now.";
      }
    };
    if (seconds > 0 && !isRunning) tick();
  };

  // An SMS may stand in for a message that did not arrive, long after this page was served.
  const follow = async () => {
    const lead = document.getElementById("lead");
    if (!document.hidden && code.form.getAttribute("aria-busy") !== "true") {
      try {
        const answer = await fetch(code.form.dataset.page, { cache: "no-store" });
        const next = new DOMParser().parseFromString(await answer.text(), "text/html");
        const nextLead = next.getElementById("lead");
        if (answer.ok && nextLead === null) {
          // Another tab is in, or this one is over.
          location.assign(answer.url);
          return;
        }
        if (answer.ok && nextLead !== null && nextLead.textContent !== lead.textContent) {
          lead.replaceChildren(...nextLead.childNodes);
          if (again) countDown(Number(next.getElementById("again")?.dataset.wait ?? 0));
        }
      } catch {
        // Not reached: what the page says was true when it was served.
      }
    }
    setTimeout(follow, FOLLOW_MS);
  };

  // A form goes out once: a second click on a slow line would be a second message.
  const once = (event) => {
    const form = event.target;
    if (form.getAttribute("aria-busy") === "true") {
      event.preventDefault();
      return;
    }
    form.setAttribute("aria-busy", "true");
    // A page whose loading was stopped goes on; nobody tells it so.
    setTimeout(() => form.removeAttribute("aria-busy"), BUSY_MS);
  };

  // A page that the browser kept says what was true then.
  addEventListener("pageshow", (event) => {
    if (event.persisted) location.reload();
  });
  document.addEventListener("submit", once);
  if (code) {
    watchCode();
    setTimeout(follow, FOLLOW_MS);
  }
  if (again) countDown(Number(again.dataset.wait));
})();
