/* The worksheet of the page on threat models: four menus, one answer. All answers lie in the page as data (advlab/worksheet.py);
   without this script the table below says the same. */
"use strict";

function element(name, text, attributes = {}) {
  const made = document.createElement(name);
  if (text) made.textContent = text;
  Object.entries(attributes).forEach(([key, value]) => made.setAttribute(key, value));
  return made;
}

function links(title, pairs, none) {
  const line = element("p");
  line.append(element("strong", `${title}: `));
  pairs.forEach(([words, href], number) => {
    if (number) line.append(", ");
    line.append(element("a", words, { href }));
  });
  if (!pairs.length) line.append(none);
  return line;
}

function answered(one, programs) {
  const parts = [element("p", one.says, { class: "worksheet__says" })];
  if (one.note) parts.push(element("p", one.note));
  const numbers = element("p");
  numbers.append(element("strong", "Identifiers: "));
  numbers.append(Object.entries(one.identifiers).map(([who, which]) => `${who} ${which.join(", ")}`).join("; ") || "none");
  parts.push(numbers);
  parts.push(links("Attacks of this book", one.attacks, "none"));
  parts.push(links("Pages on defenses", one.defenses, "none"));

  // A program's own statement of the attacker is a mark in the data: the answer's stands in its place.
  const program = programs[one.snippet].replace("@threat@", () => one.line);
  const button = element("button", "Copy the program", { type: "button", class: "md-button worksheet__copy" });
  button.addEventListener("click", () => navigator.clipboard.writeText(program).then(() => { button.textContent = "Copied"; }));
  const box = element("details");
  box.append(element("summary", `A program that runs: snippets/${one.snippet}`));
  const pre = element("pre", "", { tabindex: "0", role: "group", "aria-label": "Program" });
  pre.append(element("code", program));
  box.append(pre, button);
  parts.push(box);
  return parts;
}

document$.subscribe(() => document.querySelectorAll("[data-worksheet]").forEach((sheet) => {
  const form = sheet.querySelector("form");
  if (!form.hidden) return;
  const data = JSON.parse(sheet.querySelector("script").textContent);
  const answer = sheet.querySelector(".worksheet__answer");
  const show = () => {
    const key = ["goal", "knowledge", "access", "budget"].map((name) => form.elements[name].value).join("|");
    const open = answer.querySelector("details")?.open;
    answer.replaceChildren(...answered(data.answers[key], data.programs));
    answer.querySelector("details").open = Boolean(open);
  };
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("change", show);
  form.hidden = false;
  answer.hidden = false;
  sheet.querySelector(":scope > details").open = false;
  show();
}));
