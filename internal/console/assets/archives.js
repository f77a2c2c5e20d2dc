// One box more than the page has: it chooses all archives of the page.

for (const table of document.querySelectorAll("table[data-choose]")) {
  const boxes = [...table.querySelectorAll("tbody input[type=checkbox]")];
  const all = document.createElement("input");
  all.type = "checkbox";
  all.setAttribute("aria-label", "Choose all on this page");
  all.addEventListener("change", () => boxes.forEach((box) => (box.checked = all.checked)));
  table.addEventListener("change", () => {
    const chosen = boxes.filter((box) => box.checked).length;
    all.checked = chosen === boxes.length;
    all.indeterminate = chosen > 0 && chosen < boxes.length;
  });
  table.querySelector("thead td").append(all);
}
