/* Frames become a slider: <div class="frames" data-frames> holds <figure data-label="...">, one a frame.
   Without this script all frames stand side by side, so nothing is lost. */
"use strict";

function liven(box, number) {
  const frames = [...box.querySelectorAll(":scope > figure")];
  if (frames.length < 2 || box.classList.contains("frames--live")) return;

  const range = document.createElement("input");
  range.type = "range";
  range.id = `frames-${number}`;
  range.min = "0";
  range.max = String(frames.length - 1);
  range.step = "1";
  range.value = box.dataset.start || "0";

  const label = document.createElement("label");
  label.htmlFor = range.id;
  label.textContent = box.dataset.name || "Frame";

  const output = document.createElement("output");
  output.htmlFor = range.id;

  const show = () => {
    const chosen = frames[Number(range.value)];
    frames.forEach((frame) => { frame.hidden = frame !== chosen; });
    output.textContent = chosen.dataset.label;
    range.setAttribute("aria-valuetext", chosen.dataset.label);
  };

  const controls = document.createElement("div");
  controls.className = "frames__controls";
  controls.append(label, range, output);
  box.prepend(controls);
  box.classList.add("frames--live");
  // A hidden frame's picture must be there when the slider reaches it: fetched once the reader comes near, and only
  // for the scheme in use.
  const fetchAll = () => {
    const other = document.body.dataset.mdColorScheme === "slate" ? "light" : "dark";
    box.querySelectorAll("img").forEach((image) => {
      if (!image.src.endsWith(`#only-${other}`)) image.loading = "eager";
    });
  };
  for (const coming of ["pointerenter", "focusin", "touchstart"]) box.addEventListener(coming, fetchAll, { once: true, passive: true });
  range.addEventListener("input", show);
  show();
}

document$.subscribe(() => document.querySelectorAll("[data-frames]").forEach(liven));
