// Keeps the page up to date: asks for it again, and takes over what has changed.
"use strict";

(() => {
  const POLL_MS = 1000;
  const COPIED_MS = 2000;
  const live = document.getElementById("live");
  const announce = document.getElementById("announce");
  let version = document.body.dataset.version;

  // Without a script these could do nothing, so they are hidden until here.
  const enable = (root) => {
    for (const button of root.querySelectorAll("button.copy")) button.hidden = false;
  };

  const idsOf = (log) => Array.from(log.querySelectorAll("[data-id]"), (node) => node.dataset.id);

  // Only what is new is added, so that a screen reader speaks that alone and nothing loses focus.
  const takeMessages = (next) => {
    const log = document.getElementById("log");
    const nextLog = next.getElementById("log");
    const before = idsOf(log);
    const after = idsOf(nextLog);
    const isLonger = before.every((id, place) => after[place] === id);
    const samePhone = document.getElementById("phone-pane").dataset.number
      === next.getElementById("phone-pane").dataset.number;
    if (!samePhone || !isLonger || before.length === 0) {
      for (const node of nextLog.querySelectorAll(".bubble")) node.classList.add("fresh");
      document.getElementById("messages").replaceChildren(
        ...next.getElementById("messages").children,
      );
      // A log that was put in whole is not spoken by itself.
      if (after.length > 0 && after.at(-1) !== before.at(-1)) {
        announce.textContent = "New message: " + latestText();
      }
    } else {
      for (const node of Array.from(nextLog.querySelectorAll("[data-id]")).slice(before.length)) {
        node.classList.add("fresh");
        log.append(node);
      }
    }
  };

  const latestText = () => {
    const texts = document.querySelectorAll("#log .text");
    return texts.length ? texts[texts.length - 1].textContent : "";
  };

  const take = (next) => {
    takeMessages(next);
    const pane = document.getElementById("phone-pane");
    pane.dataset.number = next.getElementById("phone-pane").dataset.number;
    pane.querySelector(".chat-head > div").replaceWith(next.querySelector(".chat-head > div"));
    document.title = next.title;
    const contacts = document.getElementById("contacts");
    const focused = contacts.contains(document.activeElement)
      ? document.activeElement.getAttribute("href") : null;
    contacts.replaceChildren(...next.getElementById("contacts").childNodes);
    if (focused !== null) {
      for (const link of contacts.querySelectorAll("a")) {
        if (link.getAttribute("href") === focused) link.focus();
      }
    }
    enable(document);
  };

  const say = (word, isLost) => {
    if (live.querySelector(".word").textContent !== word || live.hidden) {
      live.querySelector(".word").textContent = word;
      live.classList.toggle("lost", isLost);
      live.hidden = false;
    }
  };

  const poll = async () => {
    if (!document.hidden) {
      try {
        const answer = await fetch(location.href, {
          headers: { "If-None-Match": version },
          cache: "no-store",
        });
        // 400 is the page too, for a number that is none.
        if (answer.status === 200 || answer.status === 400) {
          take(new DOMParser().parseFromString(await answer.text(), "text/html"));
          version = answer.headers.get("ETag");
        }
        say("Live", false);
      } catch {
        say("Not reachable", true);
      }
    }
    setTimeout(poll, POLL_MS);
  };

  document.addEventListener("click", async (event) => {
    const button = event.target.closest("button.copy");
    if (button === null) return;
    const label = button.querySelector("span");
    const former = button.dataset.copy;
    try {
      await navigator.clipboard.writeText(former);
      label.textContent = "Copied";
      announce.textContent = "Copied";
    } catch {
      label.textContent = former + " (copy it by hand)";
    }
    setTimeout(() => {
      const code = document.createElement("bdi");
      code.className = "code";
      code.textContent = former;
      label.replaceChildren("Copy ", code);
      announce.textContent = "";
    }, COPIED_MS);
  });

  enable(document);
  poll();
})();
