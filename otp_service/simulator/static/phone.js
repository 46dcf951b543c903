// Keeps the page up to date: hears that something changed, asks for the page, and takes over what
// is new. Without a free event stream it asks once a second instead.
"use strict";

(() => {
  const POLL_MS = 1000;
  const STREAM_AGAIN_MS = 10000;
  // However many messages come in, the page is not asked for more often than this.
  const BETWEEN_REFRESHES_MS = 150;
  const COPIED_MS = 2000;
  const live = document.getElementById("live");
  const announce = document.getElementById("announce");
  const pane = document.getElementById("phone-pane");
  const composer = document.getElementById("composer");
  const reply = document.getElementById("reply");
  const file = document.getElementById("file");
  const replyError = document.getElementById("reply-error");
  let version = document.body.dataset.version;
  let stream = null;
  let isRefreshing = false;
  let isStale = false;
  let isPolling = false;

  const pause = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });

  // Without a script these could do nothing, so they are hidden until here.
  const enable = () => {
    for (const button of document.querySelectorAll("button.copy")) button.hidden = false;
    composer.querySelector(".attach").hidden = false;
    composer.hidden = composer.dataset.usable !== "yes" && reply.value === "";
  };

  // Who writes must not find another phone under the pen when that one hears something.
  const isWriting = () => reply.value !== "" || document.activeElement === reply;

  const address = () => (location.pathname !== "/" || isWriting()
    ? "/?phone=" + encodeURIComponent(pane.dataset.number) : location.href);

  const keyed = (log) => new Map(
    Array.from(log.querySelectorAll(":scope > [data-id]"), (node) => [node.dataset.id, node]),
  );

  // Of a message that is drawn already only its state changes, and this phone's number of old ones.
  const update = (node, next) => {
    const state = node.querySelector(".state");
    if (state !== null) {
      const nextState = next.querySelector(".state");
      if (state.dataset.state === nextState.dataset.state) return;
      state.dataset.state = nextState.dataset.state;
      state.querySelector(".word").textContent = nextState.querySelector(".word").textContent;
    } else if (node.dataset.id === "earlier") {
      node.textContent = next.textContent;
    }
  };

  // Only what is new is added, so that a screen reader speaks that alone and nothing loses focus.
  const takeMessages = (next) => {
    const log = document.getElementById("log");
    const nextLog = next.getElementById("log");
    const before = keyed(log);
    const after = keyed(nextLog);
    const isSamePhone = pane.dataset.number === next.getElementById("phone-pane").dataset.number;
    if (!isSamePhone || before.size === 0 || after.size === 0) {
      const isNews = after.size > 0;
      for (const [id, node] of after) if (!before.has(id)) node.classList.add("fresh");
      document.getElementById("messages").replaceChildren(
        ...next.getElementById("messages").children,
      );
      // A log that was put in whole is not spoken by itself.
      if (isNews) announce.textContent = "New message: " + latestText();
      return;
    }
    for (const [id, node] of before) if (!after.has(id)) node.remove();
    let last = null;
    for (const [id, node] of after) {
      const known = before.get(id);
      if (known === undefined) {
        node.classList.add("fresh");
        if (last === null) log.prepend(node);
        else last.after(node);
        last = node;
      } else {
        update(known, node);
        last = known;
      }
    }
  };

  const latestText = () => {
    const texts = document.querySelectorAll("#log .text");
    return texts.length ? texts[texts.length - 1].textContent : "";
  };

  const takeContacts = (next) => {
    const contacts = document.getElementById("contacts");
    const focused = contacts.contains(document.activeElement)
      ? document.activeElement.getAttribute("href") : null;
    contacts.replaceChildren(...next.getElementById("contacts").childNodes);
    if (focused !== null) {
      for (const link of contacts.querySelectorAll("a")) {
        if (link.getAttribute("href") === focused) link.focus();
      }
    }
  };

  // On a narrow page the phones are a row of which a few fit.
  const revealContact = () => {
    const shown = document.querySelector("#contacts [aria-current]");
    if (shown !== null) shown.scrollIntoView({ block: "nearest", inline: "nearest" });
  };

  const take = (next) => {
    const formerNumber = pane.dataset.number;
    takeMessages(next);
    takeContacts(next);
    const nextPane = next.getElementById("phone-pane");
    pane.dataset.number = nextPane.dataset.number;
    pane.dataset.unseen = nextPane.dataset.unseen;
    pane.querySelector(".chat-head > div").replaceWith(nextPane.querySelector(".chat-head > div"));
    composer.elements.phone.value = pane.dataset.number;
    composer.dataset.usable = next.getElementById("composer").dataset.usable;
    document.title = next.title;
    if (pane.dataset.number !== formerNumber) revealContact();
    enable();
  };

  const say = (word, isLost) => {
    if (live.querySelector(".word").textContent !== word || live.hidden) {
      live.querySelector(".word").textContent = word;
      live.classList.toggle("lost", isLost);
      live.hidden = false;
    }
  };

  const post = (path, fields) => fetch(path, {
    method: "POST",
    body: new URLSearchParams(fields),
    // Where a form without a script would be led back to is of no use here.
    redirect: "manual",
  });

  const tellSeen = () => {
    if (pane.dataset.unseen !== "yes" || document.hidden) return;
    pane.dataset.unseen = "no";
    // Lost, it is told again with the next change.
    post("/seen", { phone: pane.dataset.number }).catch(() => {});
  };

  const ask = async () => {
    try {
      const answer = await fetch(address(), {
        headers: { "If-None-Match": version },
        cache: "no-store",
      });
      // 400 is the page too, for a number that is none.
      if (answer.status === 200 || answer.status === 400) {
        take(new DOMParser().parseFromString(await answer.text(), "text/html"));
        version = answer.headers.get("ETag");
      }
      say("Live", false);
      tellSeen();
    } catch {
      say("Not reachable", true);
    }
  };

  const refresh = async () => {
    isStale = true;
    if (isRefreshing) return;
    isRefreshing = true;
    while (isStale && !document.hidden) {
      isStale = false;
      await ask();
      await pause(BETWEEN_REFRESHES_MS);
    }
    isRefreshing = false;
  };

  // Until a stream is to be had again.
  const poll = async () => {
    if (isPolling) return;
    isPolling = true;
    const ends = Date.now() + STREAM_AGAIN_MS;
    while (Date.now() < ends && !document.hidden) {
      await refresh();
      await pause(POLL_MS);
    }
    isPolling = false;
    if (!document.hidden && stream === null) listen();
  };

  const listen = () => {
    stream = new EventSource("/events");
    stream.addEventListener("message", (event) => {
      if (version !== `W/"${event.data}"`) refresh();
    });
    stream.addEventListener("error", () => {
      // The browser comes back by itself to a stream that ended, not to one it was refused.
      if (stream !== null && stream.readyState === EventSource.CLOSED) {
        stream = null;
        poll();
      } else {
        refresh();
      }
    });
  };

  // A page nobody looks at needs no news, and must not hold one of the browser's few connections.
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) {
      if (stream !== null) stream.close();
      stream = null;
    } else {
      refresh();
      if (stream === null && !isPolling) listen();
    }
  });

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

  const send = async (fields) => {
    try {
      const answer = await post(composer.action, { phone: composer.elements.phone.value, ...fields });
      replyError.hidden = answer.type === "opaqueredirect";
    } catch {
      replyError.hidden = false;
    }
    return replyError.hidden;
  };

  composer.addEventListener("submit", async (event) => {
    event.preventDefault();
    const text = reply.value;
    if (await send({ text }) && reply.value === text) reply.value = "";
  });

  file.addEventListener("change", async () => {
    const [chosen] = file.files;
    file.value = "";
    if (chosen !== undefined) {
      await send({ file_name: chosen.name.slice(0, Number(file.dataset.longest)) });
    }
  });

  // Another phone may have heard something while one was writing.
  reply.addEventListener("blur", () => {
    if (isWriting()) return;
    version = "";
    refresh();
  });

  enable();
  revealContact();
  say("Live", false);
  tellSeen();
  if (!document.hidden) listen();
})();
