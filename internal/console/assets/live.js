// Shows changes without a reload: when the server tells of one, the page's content is fetched again. Without
// this script the page says the same after a reload.
"use strict";
(() => {
  const source = document.body.dataset.events;
  if (!source || !window.EventSource) return;
  let timer = 0;
  let first = true;
  const refresh = async () => {
    timer = 0;
    const main = document.getElementById("content");
    const busy = main.contains(document.activeElement) && document.activeElement.matches("input, select, textarea");
    if (busy || document.hidden) { schedule(); return; }
    try {
      const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
      if (!answer.ok || answer.redirected) return;
      const next = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("content");
      if (!next || next.innerHTML === main.innerHTML) return;
      const focused = document.activeElement && document.activeElement.getAttribute("href");
      main.replaceChildren(...next.childNodes);
      const news = document.getElementById("news");
      if (news) news.textContent = news.dataset.text;
      if (focused) main.querySelector(`[href="${CSS.escape(focused)}"]`)?.focus();
    } catch { /* the stream tells when the server is back */ }
  };
  const schedule = () => { timer ||= setTimeout(refresh, 700); };
  const events = new EventSource(source);
  // The first summary closes the present state, which the page shows already.
  events.addEventListener("summary", () => { if (first) { first = false; } else { schedule(); } });
  for (const kind of ["share", "tenant"]) events.addEventListener(kind, () => { if (!first) schedule(); });
  // Coverage changes without a share's change while the engine is at work.
  setInterval(() => { if (events.readyState === EventSource.OPEN) schedule(); }, 10000);
})();
