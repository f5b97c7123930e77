"use strict";
// A click on a heading sorts its table: numbers from the largest, words from A; again: reversed.
for (const table of document.querySelectorAll("table")) {
  const heads = [...table.tHead.rows[0].cells];
  const body = table.tBodies[0];
  const words = new Intl.Collator("en", { numeric: true });

  function sort(column) {
    const head = heads[column];
    const isNumber = head.classList.contains("number");
    const key = (row) => row.cells[column].dataset.value;
    const isMissing = (row) => isNumber && key(row) === "";
    const compare = isNumber
      ? (one, other) => Number(key(one)) - Number(key(other))
      : (one, other) => words.compare(one.cells[column].textContent, other.cells[column].textContent);
    const rows = [...body.rows];
    const known = rows.filter((row) => !isMissing(row)).sort(compare);
    const missing = rows.filter(isMissing); // last in both directions
    const arranged = (descends) => [...(descends ? [...known].reverse() : known), ...missing];
    const before = head.getAttribute("aria-sort");
    let descends = before ? before === "ascending" : isNumber;
    // A first click on what is in order already turns it round, so that every click is seen.
    if (!before && arranged(descends).every((row, place) => row === rows[place])) {
      descends = !descends;
    }
    body.append(...arranged(descends));
    for (const other of heads) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", descends ? "descending" : "ascending");
  }

  heads.forEach((head, column) =>
    head.querySelector("button").addEventListener("click", () => sort(column)));
}
