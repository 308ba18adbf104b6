/* The page "Try it": finds artists, keeps the reader's list, shows what the model recommends and why. Needs MiniSearch
   (vendor/minisearch), names.js and try_model.js. Names come from data and from strangers' links: they reach the page through
   textContent, never as markup. */
"use strict";

(() => {
  const OPTIONS = 8; // artists offered while typing
  const FIRST = 10; // recommendations shown at first, and how many more at a time
  const MOST = 100;
  const CHIPS = 200; // artists shown of a long list
  const NEAR = 3; // names like one that is missing
  const HINTED = 100; // missing names of a pasted list for which such names are looked up
  const ENDS = { "lastfm-2k": 2011 }; // when the listens of a data set were collected
  const IN_LINK = 300; // artists a link can hold before it gets too long to be sent
  const LABELS = {
    blend: "blend: both of the next two", ials: "ials: matrix factorization", "item-knn": "item-knn: shared listeners", popularity: "popularity: the most played",
  };
  const about = document.currentScript.dataset;
  const $ = (name) => document.getElementById(`try-${name}`);

  const element = (tag, attributes = {}, ...children) => {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    made.append(...children);
    return made;
  };
  const count = (n, word) => `${n.toLocaleString("en")} ${word}${n === 1 ? "" : "s"}`;
  const listed = (names) => names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;

  /* Names of one script inside a sentence of another: the first strong letter of each decides its own direction. */
  const named = (name, tag = "bdi") => element(tag, { dir: "auto" }, name);

  function problem(text) {
    $("loading").hidden = true;
    $("problem").textContent = text;
    $("problem").hidden = false;
  }

  // ---- Getting the data

  /* The packed text of a file: a script, because a page opened from disk may load no other kind. */
  function load(part) {
    const file = `${about.folder}/try-${about.version}-${part}.js`;
    return new Promise((resolve, reject) => {
      const script = element("script", { src: file });
      script.onload = () => {
        const found = window.musicrecData?.[part];
        delete window.musicrecData?.[part]; // the text is no longer needed, and large
        script.remove();
        if (found?.version !== about.version || String(found.format) !== about.format) {
          reject(new Error("The artists are of another build than this page. Reload it, or build the book again."));
        } else resolve(found.gzip);
      };
      script.onerror = () => {
        script.remove();
        reject(new Error(
          `The artists could not be loaded: ${file} is missing. If you are looking at this page on the web, ` +
          "reload it; if you built it yourself, copy the whole folder html, or build the book again."));
      };
      document.head.append(script);
    });
  }

  const damaged = (error) => new Error(
    `The file of artists is damaged (${error.message}). Reload the page, or build the book again.`);

  async function open() {
    if (!window.MiniSearch || !window.musicrecNames || !window.musicrecModel) {
      throw new Error("A script of this page is missing: copy the whole folder html, or build the book again.");
    }
    if (!window.DecompressionStream) {
      throw new Error("This page needs a browser of 2023 or later: yours cannot unpack the artists.");
    }
    const first = await load("artists");
    try {
      return await window.musicrecModel.read(first, load);
    } catch (error) {
      throw damaged(error);
    }
  }

  // ---- Using them

  function start(catalogue) {
    const { plain, isClose, isPlaceholder, readList } = window.musicrecNames;
    const { names, listeners } = catalogue;
    let mine = []; // artists, in the order they were added
    let shown = FIRST;
    let hints = []; // what the list of options holds
    let active = -1;

    const search = new window.MiniSearch({
      fields: ["name"],
      tokenize: (text) => text.split(" "),
      processTerm: (term) => term,
      searchOptions: {
        prefix: true,
        weights: { fuzzy: 0.3, prefix: 0.7 },
        boostDocument: (artist) => 1 + Math.log2(listeners[artist]) / 4,
      },
    });
    search.addAll(names.map((name, id) => ({ id, name: plain(name) })));

    function lookUp(text) {
      const wanted = plain(text);
      if (!wanted) return [];
      const typos = (share) => (term) => term.length > 3 ? share : false;
      let found = search.search(wanted, { combineWith: "AND", fuzzy: typos(0.25) });
      if (!found.length) found = search.search(wanted, { combineWith: "AND", fuzzy: typos(0.45) });
      if (!found.length) found = search.search(wanted, { fuzzy: typos(0.25) }); // some of the words
      const meant = catalogue.index.match(text);
      const first = meant ? [meant.item, ...meant.others] : [];
      const near = first.length ? [] : catalogue.index.suggest(text, NEAR);
      const begun = found.map((each) => each.id).filter((id) => isClose(text, names[id]));
      return [...new Set([...first, ...begun, ...near, ...found.map((each) => each.id)])].slice(0, OPTIONS);
    }

    /* Whether Enter may take an artist that was not chosen: it has the name, or nobody can mean another. */
    const isSure = (text, artist) => catalogue.find(text) === artist || isClose(text, names[artist]);

    function whyMissing(text) {
      if (isPlaceholder(text)) return `“${text}” stands for a name that is missing, not for an artist.`;
      const end = ENDS[catalogue.dataset];
      return `“${text}” is not among the ${names.length.toLocaleString("en")} artists here, those whom at least two ` +
        `listeners of the data have${end ? ` (collected in ${end})` : ""}.`;
    }

    /* To everyone; until the list changes. */
    function say(text) {
      $("said").textContent = text;
    }

    /* To those who hear the page, when typing or dragging has come to rest. */
    let later = 0;
    let news = ""; // what just happened to the list
    function tell(text) {
      clearTimeout(later);
      later = setTimeout(() => {
        $("aloud").textContent = `${news}${text}`;
        news = "";
      }, 600);
    }

    // ---- The reader's list

    function add(artists) {
      const known = new Set(mine);
      const fresh = [...new Set(artists)].filter((artist) => !known.has(artist));
      mine = mine.concat(fresh);
      if (fresh.length) news = `Added ${fresh.length === 1 ? names[fresh[0]] : count(fresh.length, "artist")}. `;
      if (fresh.length) update();
      return fresh.length;
    }

    function remove(artist, place) {
      mine = mine.filter((each) => each !== artist);
      news = `Removed ${names[artist]}. `;
      update();
      const left = $("mine").querySelectorAll("button"); // the keyboard stays where it was
      (mine.length ? left[Math.min(place, left.length - 1)] : $("search")).focus();
    }

    function chip(artist, place) {
      const button = element("button", { type: "button", "aria-label": `Remove ${names[artist]}` },
        named(names[artist]), " ×");
      button.addEventListener("click", () => remove(artist, place));
      return element("li", {}, button);
    }

    function suggestion(artist) {
      const button = element("button", { type: "button", "aria-label": `Add ${names[artist]}` },
        "+ ", named(names[artist]));
      button.addEventListener("click", () => { add([artist]); $("search").focus(); });
      return element("li", {}, button);
    }

    function update() {
      const empty = mine.length === 0;
      $("start").hidden = !empty;
      $("buttons").hidden = empty;
      $("mine").setAttribute("aria-label", empty ? "Well-known artists" : "Your artists");
      const some = empty ? names.slice(0, 6).map((_, artist) => suggestion(artist)) : mine.slice(0, CHIPS).map(chip);
      if (mine.length > CHIPS) some.push(element("li", {}, `… and ${(mine.length - CHIPS).toLocaleString("en")} more`));
      $("mine").replaceChildren(...some);
      $("said").textContent = "";
      shown = FIRST;
      recommend();
    }

    // ---- What is recommended

    function reasons(each, model) {
      if (model === "popularity") return ["because many listen to it"];
      const best = each.because.filter((reason) => reason.adds > 0).slice(0, 3);
      return best.flatMap((reason, i) => [
        i === 0 ? "because you like " : i === best.length - 1 ? " and " : ", ", named(names[reason.artist])]);
    }

    function row(each, model) {
      const plus = element("button", { type: "button", "aria-label": `Add ${names[each.artist]} to your artists` }, "+");
      plus.addEventListener("click", () => { add([each.artist]); $("search").focus(); });
      return element("li", {}, element("div", { class: "try-row" },
        element("div", {}, named(names[each.artist], "strong"),
          element("small", { class: "try-quiet" }, count(listeners[each.artist], "listener")),
          element("p", { class: "try-quiet" }, ...reasons(each, model))),
        plus));
    }

    let asked = 0; // of several answers that wait for their files, only the last is shown

    async function recommend() {
      const now = ++asked;
      const model = $("model").value;
      const avoid = Number($("avoid").value);
      $("avoid-value").textContent = avoid.toFixed(2);
      const lacking = mine.length ? catalogue.missing(mine, model).length : 0;
      if (lacking) {
        $("fetching").hidden = false;
        try {
          await catalogue.prepare(mine, model);
        } catch (error) {
          if (now === asked) problem(error.message.startsWith("The artists") ? error.message : damaged(error).message);
          return;
        } finally {
          if (now === asked) $("fetching").hidden = true;
        }
        if (now !== asked) return;
        $("problem").hidden = true;
      }
      $("fetching").hidden = true;
      const best = mine.length ? catalogue.recommend(mine, model, shown, avoid) : [];
      $("results").replaceChildren(...best.map((each) => row(each, model)));
      const rings = [...mine.slice(0, IN_LINK).map((artist) => ["a", names[artist]]), ...best.map((each) => ["r", names[each.artist]])];
      $("map").href = `map.html#${new URLSearchParams(rings)}`;
      $("more").hidden = best.length < shown || shown >= MOST;
      $("none").hidden = best.length > 0 || mine.length === 0;
      const three = listed(best.slice(0, 3).map((each) => names[each.artist]));
      tell(best.length ? `${count(best.length, "recommendation")}; first ${three}.` : "No recommendations.");
      remember();
    }

    // ---- The link that holds the list

    function fragment() {
      const parts = new URLSearchParams();
      for (const artist of mine.slice(0, IN_LINK)) parts.append("a", names[artist]);
      if ($("model").selectedIndex > 0) parts.set("m", $("model").value);
      if (Number($("avoid").value) > 0) parts.set("p", $("avoid").value);
      return parts.toString();
    }

    let waiting = 0;
    function remember() { // not at every step of the slider: browsers refuse when asked too often
      clearTimeout(waiting);
      waiting = setTimeout(() => {
        const text = fragment();
        if (text || shared()) history.replaceState(null, "", text ? `#${text}` : location.pathname + location.search);
      }, 300);
    }

    /* What the address holds, or null when it leads to a heading or nowhere. */
    function shared() {
      const parts = new URLSearchParams(location.hash.slice(1));
      return parts.has("a") || parts.has("m") || parts.has("p") ? parts : null;
    }

    function restore() {
      const parts = shared();
      if (!parts) return;
      const wrong = [];
      const unknown = [];
      const artists = [];
      for (const text of parts.getAll("a")) {
        const artist = catalogue.find(text);
        if (artist === undefined) unknown.push(text.slice(0, 80) || "a name that is empty");
        else artists.push(artist);
      }
      if (unknown.length) {
        const more = unknown.length > 5 ? ` and ${unknown.length - 5} more` : "";
        wrong.push(`this page does not know ${unknown.slice(0, 5).join(", ")}${more}`);
      }
      const model = parts.get("m");
      if (model !== null && !(model in catalogue.models)) wrong.push(`there is no model ${model.slice(0, 40)} here`);
      $("model").value = model in catalogue.models ? model : Object.keys(catalogue.models)[0];
      const avoid = Number(parts.get("p") ?? 0);
      if (!(avoid >= 0 && avoid <= 1)) wrong.push("the slider goes from 0 to 1");
      $("avoid").value = avoid >= 0 && avoid <= 1 ? avoid : 0;
      mine = [...new Set(artists)];
      update();
      if (wrong.length) say(`Not all of the link could be read: ${wrong.join("; ")}.`);
    }

    async function share() {
      clearTimeout(waiting);
      history.replaceState(null, "", `#${fragment()}`);
      const cut = mine.length > IN_LINK ? ` It holds the first ${IN_LINK} of your ${mine.length.toLocaleString("en")} artists.` : "";
      try {
        await navigator.clipboard.writeText(location.href);
        say(`The link to this list is copied.${cut}`);
      } catch {
        say(`Your browser does not let a page copy. The link is in the address bar.${cut}`);
      }
    }

    // ---- A list pasted as text

    function paste() {
      const { lines, found, missing } = readList($("text").value, (name) => catalogue.find(name));
      const unknown = new Map(missing.map(([line, name]) => [line.slice(0, 200), name]));
      const fresh = add(found);
      const twice = found.length - fresh;
      $("imported").textContent = lines === 0 ? "There is nothing in the box: one artist a line." :
        `${count(lines, "line")}: ${count(fresh, "artist")} added` +
        (twice ? `, ${twice.toLocaleString("en")} already there or named twice` : "") +
        (unknown.size ? `, ${unknown.size.toLocaleString("en")} not found:` : ".");
      $("missing").hidden = unknown.size === 0;
      $("missing").replaceChildren(...[...unknown].slice(0, 1000).map(([line, name], i) => {
        const near = i < HINTED ? catalogue.index.suggest(name, NEAR) : [];
        const item = named(line, "li");
        if (near.length) item.append(" — did you mean ", ...near.flatMap((artist, j) => [j ? ", " : "", instead(artist)]), "?");
        return item;
      }));
      if (unknown.size > 1000) $("missing").append(element("li", {}, `… and ${(unknown.size - 1000).toLocaleString("en")} more`));
      tell($("imported").textContent);
    }

    /* A button that adds an artist who may be meant by a missing name. */
    function instead(artist) {
      const button = element("button", { type: "button", "aria-label": `Add ${names[artist]}` }, named(names[artist]));
      button.addEventListener("click", () => { add([artist]); button.disabled = true; });
      return button;
    }

    // ---- The search box: a combobox with a list of options

    const HINT = $("hint").textContent;

    function show(found, typed = "") {
      hints = found;
      active = -1;
      const sure = found.length > 0 && isSure(typed, found[0]);
      $("options").replaceChildren(...found.map((artist, i) => {
        const option = element("li", { role: "option", id: `try-option-${i}`, "aria-selected": "false" },
          named(names[artist], "span"), element("small", {}, count(listeners[artist], "listener")));
        option.addEventListener("mousedown", (event) => event.preventDefault()); // the box keeps the focus
        option.addEventListener("click", () => choose(i));
        return option;
      }));
      $("options").hidden = found.length === 0;
      $("search").setAttribute("aria-expanded", String(found.length > 0));
      $("search").removeAttribute("aria-activedescendant");
      $("hint").textContent = !typed.trim() || sure ? HINT : found.length ? `No artist of these data has such a name; ` +
        "these come near. Arrow keys choose." : `No artist of these data has such a name. ${whyMissing(typed.trim().slice(0, 80))}`;
      if (sure) tell(`${count(found.length, "artist")} found; arrow keys choose.`);
      else if (typed.trim()) tell($("hint").textContent);
    }

    function point(at) {
      active = (at + hints.length) % hints.length;
      [...$("options").children].forEach((option, i) => option.setAttribute("aria-selected", String(i === active)));
      $("search").setAttribute("aria-activedescendant", `try-option-${active}`);
      $("options").children[active].scrollIntoView({ block: "nearest" });
    }

    function choose(at) {
      const artist = hints[at];
      $("search").value = "";
      show([]);
      if (!add([artist])) say(`${names[artist]} is in your list already.`);
    }

    $("search").addEventListener("input", () => {
      const found = lookUp($("search").value);
      show(found, $("search").value);
    });
    $("search").addEventListener("blur", () => show([]));
    $("search").addEventListener("keydown", (event) => {
      if (event.isComposing) return;
      const open = hints.length > 0;
      if (event.key === "ArrowDown" && !open) show(lookUp($("search").value), $("search").value);
      if (event.key === "ArrowDown" && hints.length) point(open ? active + 1 : 0);
      else if (event.key === "ArrowUp" && open) point(active < 0 ? -1 : active - 1);
      else if (event.key === "Enter" && open && (active >= 0 || isSure($("search").value, hints[0]))) choose(Math.max(active, 0));
      else if (event.key === "Enter" && $("search").value.trim()) {
        const text = $("search").value.trim().slice(0, 80);
        say(`${whyMissing(text)}${open ? ` Did you mean ${names[hints[0]]}? Choose it with the arrow keys or a click.` : ""}`);
      }
      else if (event.key === "Escape" && open) show([]);
      else if (event.key === "Escape") $("search").value = "";
      else return;
      event.preventDefault();
    });

    $("model").append(...Object.keys(catalogue.models).map(
      (name) => element("option", { value: name }, LABELS[name] ?? name)));
    $("model").addEventListener("change", recommend);
    $("avoid").addEventListener("input", recommend);
    $("more").addEventListener("click", () => { shown = Math.min(shown + FIRST, MOST); recommend(); });
    $("share").addEventListener("click", share);
    $("clear").addEventListener("click", () => { mine = []; update(); $("search").focus(); });
    $("import").addEventListener("click", paste);
    window.addEventListener("hashchange", restore);

    $("loading").hidden = true;
    $("app").hidden = false;
    update();
    restore();
  }

  $("loading").hidden = false;
  open().then((catalogue) => {
    document.getElementById("try").catalogue = catalogue; // for those who look behind the page
    start(catalogue);
  }).catch((error) => problem(error.message));
})();
