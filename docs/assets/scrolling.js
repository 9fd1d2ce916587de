/* A table or formula that is wider than the page scrolls in its own box. Where it does, the box takes the focus, so that
   the arrow keys scroll it (browsers of late do this by themselves), and has a name for screen readers. */
"use strict";

function reachable(box) {
  if (box.scrollWidth > box.clientWidth) {
    box.tabIndex = 0;
    box.setAttribute("role", "group");
    box.setAttribute("aria-label", box.matches(".formula") ? "Formula, scrolls" : "Table, scrolls");
  } else {
    box.removeAttribute("tabindex");
    box.removeAttribute("role");
    box.removeAttribute("aria-label");
  }
}

const watcher = new ResizeObserver((changes) => changes.forEach((change) => reachable(change.target)));
document$.subscribe(() => {
  watcher.disconnect();
  // The theme wraps tables in the same moment: look after it has.
  requestAnimationFrame(() => {
    document.querySelectorAll(".formula, .md-typeset__scrollwrap").forEach((box) => watcher.observe(box));
  });
});
