// What scrolls sideways can be reached by keyboard: a tab stop and a name, only while something is hidden. The theme
// does so for code and the tables of Markdown; tables and figures of notebooks and formulas are left to this script.
addEventListener("DOMContentLoaded", () => {
  const name = box => {
    const words = box.querySelector("caption");
    return words ? words.textContent.trim() : "Formula";
  };
  const look = box => {
    const scrolls = box.scrollWidth > box.clientWidth;
    box.tabIndex = scrolls ? 0 : -1;
    if (!box.matches("div")) return; // a figure has its caption for a name
    if (scrolls) {
      box.setAttribute("role", "group");
      box.setAttribute("aria-label", name(box));
    } else {
      box.removeAttribute("role");
      box.removeAttribute("aria-label");
    }
  };
  const seen = new ResizeObserver(entries => entries.forEach(entry => look(entry.target)));
  const boxes = document.querySelectorAll(".bd-article :is(.musicrec-table, figure.musicrec-figure, div.math)");
  boxes.forEach(box => seen.observe(box));
});
