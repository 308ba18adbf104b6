/* The search: looks through the pieces of all pages that musicrec.site.search wrote, and shows whole sentences of what it
   found. Needs MiniSearch (vendor/minisearch). What is found is text: it reaches the page through textContent. */
"use strict";

addEventListener("DOMContentLoaded", async () => {
  const KINDS = { term: 3, page: 2, section: 1.4, code: 0.3 }; // what defines a word is about it; code comes last
  const MOST = 30; // results
  const A_PAGE = 3; // of them from one page
  const LONG = 260; // letters of what is shown
  const place = document.getElementById("search-results");
  const field = document.querySelector("article form.bd-search input, .bd-search-container form.bd-search input") ??
    document.querySelector("form.bd-search input");
  const element = (tag, attributes = {}, ...children) => {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    made.append(...children);
    return made;
  };

  const pages = await window.musicrecUnpack(window.musicrecSearch).catch((error) => {
    place.textContent = `The search does not work here: ${error.message}.`;
    return [];
  });
  const pieces = pages.flatMap(([, , parts], page) =>
    parts.map(([kind, id, title, text]) => ({ page, kind, id, title, text })));
  const plain = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  const index = new MiniSearch({ fields: ["title", "text"], processTerm: plain });
  index.addAll(pieces.map(({ title, text }, id) => ({ id, title, text })));

  function find(query) {
    const weight = (id) => {
      const { page, title, kind } = pieces[id];
      const meant = plain(title) === plain(query.trim()) ? 4 : 1;
      return KINDS[kind] * meant * (pages[page][0].startsWith("api/") && kind !== "code" ? 0.3 : 1);
    };
    const options = {
      boost: { title: 6 }, boostDocument: weight,
      prefix: (term) => term.length > 3, // "als" is not the beginning of "also"
      fuzzy: (term) => (term.length > 4 ? 0.2 : 0),
    };
    const all = index.search(query, { ...options, combineWith: "AND" });
    return all.length ? all : index.search(query, { ...options, combineWith: "OR" });
  }

  /* Sentences from the first that has a word of the search; as many as there is room for, at least one. */
  function excerpt(text, terms) {
    const sentences = text.match(/.+?[.!?…:](?=["”’)]*\s+["“(]?[\p{Lu}\d]|["”’)]*$)["”’)]*|.+$/gsu) ?? [];
    const start = Math.max(0, sentences.findIndex((sentence) => terms.some((term) => plain(sentence).includes(term))));
    let shown = "";
    for (const sentence of sentences.slice(start)) {
      if (shown && shown.length + sentence.length > LONG) break;
      shown += sentence;
    }
    shown = shown.trim();
    return shown.length <= 2 * LONG ? shown : `${shown.slice(0, 2 * LONG).replace(/\s+\S*$/, "")} …`;
  }

  /* The words of the search stand out; a term counts where a word begins with it. */
  function marked(text, terms) {
    const parts = text.split(/([\p{L}\p{N}\p{M}]+)/u);
    return parts.map((part) => (terms.includes(plain(part)) ? element("mark", {}, part) : part));
  }

  function show() {
    const query = field.value.trim();
    if (!query) {
      place.replaceChildren();
      return;
    }
    const counted = new Map();
    const found = find(query).filter(({ id }) => {
      const { page } = pieces[id];
      counted.set(page, (counted.get(page) ?? 0) + 1);
      return counted.get(page) <= A_PAGE;
    }).slice(0, MOST);
    const items = found.map(({ id, terms }) => {
      const { page, title, id: anchor, kind, text } = pieces[id];
      const [address, name] = pages[page];
      const link = element("a", { href: `${address}${anchor ? `#${anchor}` : ""}` }, ...marked(title, terms));
      const where = kind === "page" ? [] : [element("span", { class: "search-where" }, ` in ${name}`)];
      return element("li", { class: `search-${kind}` }, link, ...where, element("p", {}, ...marked(excerpt(text, terms), terms)));
    });
    const said = items.length
      ? `${items.length}${items.length === MOST ? " or more" : ""} ${items.length === 1 ? "place" : "places"} found.`
      : "Nothing was found. Fewer words, or another spelling, may find more.";
    place.replaceChildren(element("p", { role: "status" }, said), element("ol", { class: "search-found" }, ...items));
    document.title = document.title.replace(/^.*?(?= - )/s, `${query}: search`);
  }

  field.value = new URLSearchParams(location.search).get("q") ?? "";
  field.addEventListener("input", show);
  show();
});
