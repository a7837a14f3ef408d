/* What Datasette's own pages keep in inline scripts and styles, which the site's content policy refuses. */
// Read by Datasette's table.js when a column's menu is opened.
window.DATASETTE_ALLOW_FACET = true;

document.addEventListener("DOMContentLoaded", () => {
  // On small screens a row is a block, and every cell needs the name of its column (tables.css).
  for (const table of document.querySelectorAll("table.rows-and-columns")) {
    const names = [...table.querySelectorAll("thead th")].map((head) => head.dataset.column || head.textContent.trim());
    for (const row of table.querySelectorAll("tbody tr")) {
      [...row.children].forEach((cell, index) => cell.setAttribute("data-label", names[index] || ""));
    }
  }
  // The descriptions of the columns are folded away: the rows are what readers come for.
  for (const list of document.querySelectorAll("dl.column-descriptions")) {
    const fold = document.createElement("details");
    const title = document.createElement("summary");
    title.textContent = "What the columns hold";
    list.replaceWith(fold);
    fold.append(title, list);
  }
  // A click elsewhere closes open menus.
  document.body.addEventListener("click", (event) => {
    for (const menu of document.querySelectorAll("details[open]:has(.dropdown-menu, .nav-menu-inner)")) {
      if (!menu.contains(event.target)) {
        menu.open = false;
      }
    }
  });
});
