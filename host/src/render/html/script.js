"use strict";
// The page is whole without this: it only sorts, filters and switches.
(() => {
  const one = (id) => document.getElementById(id);
  const root = document.documentElement;

  // Light or dark, beginning with the other of what the system prefers.
  const theme = () => {
    const dark = root.dataset.theme
      ? root.dataset.theme === "dark"
      : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
  };

  const save = (id, name) => () => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([one(id).textContent], { type: "application/json" }));
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  };

  const actions = { theme, report: save("data", "report.json"), series: save("series", "series.json") };
  for (const button of document.querySelectorAll("[data-do]")) {
    button.addEventListener("click", actions[button.dataset.do]);
    button.closest("[hidden]")?.removeAttribute("hidden");
  }

  // What is folded is to be on paper.
  const folded = [];
  addEventListener("beforeprint", () => {
    for (const details of document.querySelectorAll("details:not([open])")) {
      details.open = true;
      folded.push(details);
    }
  });
  addEventListener("afterprint", () => {
    for (const details of folded.splice(0)) details.open = false;
  });

  const table = one("sites-table");
  if (!table) return;
  const body = table.tBodies[0];
  const rows = Array.from(body.rows, (row) => ({
    row,
    text: row.textContent.toLowerCase(),
    cells: Array.from(row.cells, (cell) => cell.textContent),
  }));
  const number = (text) => (text === "" ? NaN : Number(text.replaceAll(",", "")));
  // Digits are filled up, so that line 9 comes before line 10.
  const word = (text) => text.toLowerCase().replace(/\d+/g, (digits) => digits.padStart(20, "0"));
  const compare = (a, b) => (a.key < b.key ? -1 : Number(a.key > b.key));
  const sort = (head) => {
    const column = Number(head.dataset.n);
    const numbers = head.classList.contains("num");
    const before = head.getAttribute("aria-sort");
    // Largest numbers and first words first.
    const down = before ? before === "ascending" : numbers;
    for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    for (const one of rows) one.key = (numbers ? number : word)(one.cells[column]);
    rows.sort(compare);
    if (down) rows.reverse();
    body.append(...rows.map(({ row }) => row));
  };
  for (const head of table.tHead.querySelectorAll("[data-n]")) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = head.textContent;
    button.addEventListener("click", () => sort(head));
    head.replaceChildren(button);
  }

  const form = one("filter");
  const filter = () => {
    const wanted = one("text").value.toLowerCase().split(/\s+/).filter(Boolean);
    const growing = one("growing").checked;
    const found = one("found").checked;
    let shown = 0;
    for (const { row, text, cells } of rows) {
      const fits = wanted.every((word) => text.includes(word))
        && !(growing && !(number(cells[2]) > 0))
        && !(found && cells[7] === "");
      row.hidden = !fits;
      shown += fits;
    }
    one("shown").textContent = `${shown} of ${rows.length} sites`;
  };
  form.hidden = false;
  form.addEventListener("input", filter);
  form.addEventListener("submit", (event) => event.preventDefault());
})();
