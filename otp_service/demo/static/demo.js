// What the forms do beyond sending themselves. Without this file they work too.
"use strict";

(() => {
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

  const countDown = () => {
    const wait = document.getElementById("wait");
    const ready = document.getElementById("ready");
    const buttons = again.querySelectorAll("button");
    const end = performance.now() + Number(again.dataset.wait) * 1000;

    const tick = () => {
      const left = Math.ceil((end - performance.now()) / 1000);
      for (const button of buttons) button.disabled = left > 0;
      if (left > 0) {
        const clock = left < 60 ? `${left} s` : `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")} min`;
        wait.textContent = `Another one can be sent in ${clock}.`;
        setTimeout(tick, 250);
      } else {
        wait.textContent = "";
        // Said once; the seconds before are shown, not spoken.
        ready.textContent = "Another code can be sent now.";
      }
    };
    if (Number(again.dataset.wait) > 0) tick();
  };

  // A form goes out once: a second click on a slow line would be a second message.
  const once = (event) => {
    const form = event.target;
    if (form.getAttribute("aria-busy") === "true") {
      event.preventDefault();
      return;
    }
    form.setAttribute("aria-busy", "true");
  };

  // A page that the browser kept says what was true then.
  addEventListener("pageshow", (event) => {
    if (event.persisted) location.reload();
  });
  document.addEventListener("submit", once);
  if (code) watchCode();
  if (again) countDown();
})();
