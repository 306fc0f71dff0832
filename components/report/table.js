"use strict";
// A table with class "sortable" sorts by a click on a column's button: data-sort holds numbers, else the text counts.
for (const table of document.querySelectorAll("table.sortable")) {
  const body = table.tBodies[0];
  const value = (row, column) => row.cells[column].dataset.sort ?? row.cells[column].textContent.trim();
  const compare = (a, b) => {
    const [x, y] = [Number(a), Number(b)];
    if (a !== "" && b !== "" && !Number.isNaN(x) && !Number.isNaN(y)) return x - y;
    if (a === "" || b === "") return a === b ? 0 : a === "" ? 1 : -1;
    return a.localeCompare(b);
  };
  for (const button of table.tHead.querySelectorAll("button")) {
    button.addEventListener("click", () => {
      const head = button.closest("th");
      const down = head.getAttribute("aria-sort") === "ascending";
      for (const other of head.parentNode.cells) {
        if (other.hasAttribute("aria-sort")) other.setAttribute("aria-sort", "none");
      }
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const rows = [...body.rows].sort((a, b) => {
        const [x, y] = [value(a, head.cellIndex), value(b, head.cellIndex)];
        if (x === "" || y === "") return compare(x, y);
        return down ? compare(y, x) : compare(x, y);
      });
      body.append(...rows);
    });
  }
}
// A search field filters the tables and lists that it names: rows by their first cell, other things by their heading.
for (const field of document.querySelectorAll("input[data-filters]")) {
  field.hidden = false;
  const places = field.dataset.filters.split(" ").map(id => document.getElementById(id)).filter(place => place);
  const label = item => (item.cells?.[0] ?? item.querySelector("strong") ?? item).textContent.toLowerCase();
  field.addEventListener("input", () => {
    const wanted = field.value.trim().toLowerCase();
    for (const place of places) {
      for (const item of place.tBodies?.[0].rows ?? place.children) item.hidden = !label(item).includes(wanted);
    }
  });
}
// A link to a folded part of the page opens it.
const unfold = () => {
  const part = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (part instanceof HTMLDetailsElement) part.open = true;
};
addEventListener("hashchange", unfold);
unfold();
