/* A table becomes one that can be filtered: <div data-filter> holds it. By words, and by the chip of a row, its verdict.
   Without this script the whole table is shown, so nothing is lost. */
"use strict";

function filterable(box, number) {
  const rows = [...box.querySelectorAll("tbody tr")];
  if (!rows.length || box.querySelector(".filter")) return;
  const verdict = (row) => row.querySelector(".chip").textContent.trim();
  const text = (row) => row.textContent.toLowerCase();

  const words = document.createElement("input");
  words.type = "search";
  words.id = `filter-words-${number}`;
  const choice = document.createElement("select");
  choice.id = `filter-verdict-${number}`;
  const found = new Map();
  rows.forEach((row) => found.set(verdict(row), (found.get(verdict(row)) || 0) + 1));
  choice.append(new Option(`all (${rows.length})`, ""));
  found.forEach((times, name) => choice.append(new Option(`${name} (${times})`, name)));

  const field = (said, of) => {
    const label = document.createElement("label");
    label.htmlFor = of.id;
    label.textContent = said;
    const both = document.createElement("span");
    both.append(label, of);
    return both;
  };
  const count = document.createElement("output");
  count.setAttribute("aria-live", "polite");
  count.htmlFor = `${words.id} ${choice.id}`;

  const show = () => {
    const wanted = words.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    rows.forEach((row) => {
      const fits = (!choice.value || verdict(row) === choice.value) && wanted.every((word) => text(row).includes(word));
      row.hidden = !fits;
      shown += fits;
    });
    count.textContent = `${shown} of ${rows.length} rows`;
  };

  const controls = document.createElement("div");
  controls.className = "filter";
  controls.setAttribute("role", "search");
  controls.setAttribute("aria-label", "Filter the table");
  controls.append(field("Words", words), field("Verdict", choice), count);
  box.prepend(controls);
  words.addEventListener("input", show);
  choice.addEventListener("change", show);
  show();
}

document$.subscribe(() => document.querySelectorAll("[data-filter]").forEach(filterable));
