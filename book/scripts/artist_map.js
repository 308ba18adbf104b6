/* The map of artists: draws the data of musicrec.site.map_page in the .artist-map of the page. Needs d3 (vendor/d3),
   names.js and unpack.js.

   Names and tags are text, those in the address too: they reach the page through textContent and canvas text, never as
   markup. */
"use strict";

(() => {
  const FAR = 3; // from this zoom on, the small neighbourhoods are named instead of the large ones
  const NAMED = 2; // and from this one on, artists
  const MOST_NAMES = 70;
  const MARGIN = 28;
  const FROM_REGION = 12; // artists of a marked region that recommend
  const RINGED = 300; // artists that an address may name
  const still = window.matchMedia("(prefers-reduced-motion: reduce)");

  const { plain, isClose, Names } = window.musicrecNames;

  const element = (tag, attributes = {}, ...children) => {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    made.append(...children);
    return made;
  };

  const count = (n, word) => `${n.toLocaleString("en")} ${word}${n === 1 ? "" : "s"}`;

  function check(data) {
    const n = data.names.length;
    for (const column of ["x", "y", "listeners", "tags", "near", "colours"]) {
      if (data[column].length !== n) throw new Error(`${n} names, but ${data[column].length} of ${column}`);
    }
    return data;
  }

  function start(container, data) {
    const n = data.names.length;
    const [large, small] = data.levels;
    const searchable = data.names.map(plain);
    const index = new Names(data.names, data.listeners);
    const id = (name) => `artist-map-${name}`;

    // ---- What is on the page

    const input = element("input", {
      type: "search", id: id("search"), role: "combobox", "aria-expanded": "false", "aria-controls": id("list"),
      "aria-autocomplete": "list", autocomplete: "off", spellcheck: "false", placeholder: "an artist",
    });
    const list = element("ul", { id: id("list"), role: "listbox", "aria-label": "Artists found", hidden: "" });
    const button = (text, label) => element("button", { type: "button", "aria-label": label, title: label }, text);
    const closer = button("+", "Zoom in");
    const farther = button("−", "Zoom out");
    const all = button("Whole map", "Show the whole map");
    const marker = button("Mark a region", "Mark a region that recommends");
    marker.setAttribute("aria-pressed", "false");
    const canvas = element("canvas", {
      tabindex: "0", role: "application", "aria-roledescription": "map", "aria-describedby": id("help"),
      "aria-label": `${data.label}, ${count(n, "artist")}`,
    });
    const tip = element("div", { class: "artist-map-tip", "aria-hidden": "true", hidden: "" });
    const panel = element("div", { class: "artist-map-panel", "aria-live": "polite" });
    const status = element("p", { class: "artist-map-status", role: "status" });
    const help = element("p", { class: "artist-map-help", id: id("help") },
      "Click or tap the map to take hold of it; then drag to move, scroll or pinch to zoom. By keyboard: arrow keys " +
      "move, + and − zoom, 0 shows the whole map, Enter chooses the artist in the middle, and a letter starts the search. " +
      "To mark a region, press its button and drag over the map; by keyboard, Enter marks what is in view.");
    const yours = element("div", { class: "artist-map-yours" });
    const find = element("div", { class: "artist-map-find" },
      element("label", { for: id("search") }, "Find "), input, list);
    const frame = element("div", { class: "artist-map-frame" }, canvas, tip);
    frame.style.aspectRatio = `${data.width} / ${data.height}`; // it fills its frame, on a phone too
    container.append(
      element("div", { class: "artist-map-bar" }, find,
        element("div", { class: "artist-map-zoom" }, closer, farther, all, marker)),
      status, frame, panel, yours, help);

    // ---- Where things are

    const pen = canvas.getContext("2d");
    let [width, height, scale, left, top] = [0, 0, 1, 0, 0]; // of the frame; map units to pixels at zoom 1
    let view = d3.zoomIdentity;
    let [hovered, chosen] = [-1, -1];
    let byKeyboard = false;
    let [mine, offered] = [[], []]; // artists the address names: the reader's, and those recommended
    let [marking, corner, region] = [false, null, null]; // a region: its corners in units of the map
    const screen = (x, y) => [view.applyX(left + x * scale), view.applyY(top + y * scale)];
    const place = (px, py) => [(view.invertX(px) - left) / scale, (view.invertY(py) - top) / scale];
    const tree = d3.quadtree().x((i) => data.x[i]).y((i) => data.y[i]).addAll(d3.range(n));
    const nearestTo = (px, py, reach) => tree.find(...place(px, py), reach / (scale * view.k)) ?? -1;
    const radius = (i) => (1.1 + 0.42 * Math.log2(data.listeners[i])) * Math.min(2.2, Math.max(0.75, view.k ** 0.35));
    const byColour = d3.group(d3.range(n - 1, -1, -1), (i) => data.palette[data.colours[i]] ?? data.muted);
    const tagsOf = (i) => data.tags[i].map((tag) => data.tagNames[tag]);

    // ---- Draw

    let waiting = false;
    let labels = [];
    const redraw = () => {
      if (waiting) return;
      waiting = true;
      requestAnimationFrame(() => {
        waiting = false;
        draw();
      });
    };

    function draw() {
      const style = getComputedStyle(frame);
      const [ink, ground] = [style.color, style.backgroundColor];
      const ratio = window.devicePixelRatio || 1;
      pen.setTransform(ratio, 0, 0, ratio, 0, 0);
      pen.clearRect(0, 0, width, height);
      const seen = [];
      for (const [colour, artists] of byColour) {
        pen.fillStyle = colour;
        pen.globalAlpha = colour === data.muted ? 0.45 : 0.8;
        for (const i of artists) {
          const [px, py] = screen(data.x[i], data.y[i]);
          if (px < -9 || py < -9 || px > width + 9 || py > height + 9) continue;
          seen.push(i);
          const r = radius(i);
          if (r < 1.4) pen.fillRect(px - r, py - r, 2 * r, 2 * r);
          else {
            pen.beginPath();
            pen.arc(px, py, r, 0, 2 * Math.PI);
            pen.fill();
          }
        }
      }
      pen.globalAlpha = 1;
      for (const [artists, dash] of [[offered, [3, 3]], [mine, []]]) {
        pen.strokeStyle = ink;
        pen.lineWidth = 2;
        pen.setLineDash(dash);
        for (const i of artists) {
          const [px, py] = screen(data.x[i], data.y[i]);
          pen.beginPath();
          pen.arc(px, py, radius(i) + 3, 0, 2 * Math.PI);
          pen.stroke();
        }
      }
      pen.setLineDash([]);
      if (region) {
        const [[ax, ay], [bx, by]] = region.map(([x, y]) => screen(x, y));
        pen.lineWidth = 1.5;
        pen.setLineDash([6, 4]);
        pen.strokeStyle = ink;
        pen.strokeRect(Math.min(ax, bx), Math.min(ay, by), Math.abs(bx - ax), Math.abs(by - ay));
        pen.setLineDash([]);
      }
      for (const i of new Set([chosen, hovered])) {
        if (i < 0) continue;
        const [px, py] = screen(data.x[i], data.y[i]);
        pen.strokeStyle = ink;
        pen.lineWidth = i === chosen ? 2.5 : 1.5;
        pen.beginPath();
        pen.arc(px, py, radius(i) + 3.5, 0, 2 * Math.PI);
        pen.stroke();
      }
      if (byKeyboard && document.activeElement === canvas) {
        pen.strokeStyle = ink;
        pen.lineWidth = 1;
        pen.beginPath();
        for (const [dx, dy] of [[1, 0], [-1, 0], [0, 1], [0, -1]]) {
          pen.moveTo(width / 2 + 6 * dx, height / 2 + 6 * dy);
          pen.lineTo(width / 2 + 14 * dx, height / 2 + 14 * dy);
        }
        pen.stroke();
      }
      write(seen, ink, ground);
      container.dataset.zoom = view.k.toFixed(2);
    }

    /* Write names where there is room: the chosen artist, then neighbourhoods, then artists by fame. */
    function write(seen, ink, ground) {
      const taken = [];
      labels = [];
      const put = (text, px, py, font, size, kind) => {
        pen.font = font;
        const half = pen.measureText(text).width / 2;
        const x = Math.min(Math.max(px, half + 4), width - half - 4);
        const box = [x - half - 3, py - size * 0.75, x + half + 3, py + size * 0.75];
        if (box[1] < 0 || box[3] > height) return false;
        if (taken.some((b) => box[0] < b[2] && b[0] < box[2] && box[1] < b[3] && b[1] < box[3])) return false;
        taken.push(box);
        pen.strokeStyle = ground;
        pen.lineWidth = 3.5;
        pen.strokeText(text, x, py);
        pen.fillStyle = ink;
        pen.fillText(text, x, py);
        labels.push({ text, kind });
        return true;
      };
      pen.textAlign = "center";
      pen.textBaseline = "middle";
      pen.lineJoin = "round";
      const family = getComputedStyle(canvas).fontFamily;
      const named = (i, weight) => {
        const [px, py] = screen(data.x[i], data.y[i]);
        return put(data.names[i], px, py - radius(i) - 9, `${weight} 12px ${family}`, 12, "artist");
      };
      if (chosen >= 0) named(chosen, "bold");
      for (const i of mine.slice(0, MOST_NAMES)) if (i !== chosen) named(i, "bold");
      const level = view.k < FAR ? large : small;
      for (let c = 0; c < level.names.length; c += 1) {
        const [px, py] = screen(level.x[c], level.y[c]);
        if (px < 0 || py < 0 || px > width || py > height) continue;
        put(level.names[c], px, py, `bold italic 14px ${family}`, 14, "neighbourhood");
      }
      if (view.k < NAMED) return;
      let room = MOST_NAMES;
      for (const i of seen.sort((a, b) => a - b).slice(0, 1500)) { // the best known come first in the data
        if (room === 0) break;
        if (i !== chosen && named(i, "normal")) room -= 1;
      }
    }

    // ---- Say

    const about = (i) => {
      const tags = tagsOf(i);
      return `${count(data.listeners[i], "listener")}${tags.length ? ` · ${tags.join(", ")}` : " · no tags"}`;
    };

    const around = (i) => {
      const names = [small, large].filter((level) => level.of[i] >= 0).map((level) => level.names[level.of[i]]);
      if (names.length === 0) return "Between the named neighbourhoods.";
      return `In the neighbourhood “${names[0]}”${names.length > 1 && names[1] !== names[0] ? `, part of “${names[1]}”` : ""}.`;
    };

    function hover(i) {
      if (i === hovered) return;
      hovered = i;
      tip.hidden = i < 0;
      if (i >= 0) {
        tip.replaceChildren(element("strong", { dir: "auto" }, data.names[i]), element("span", {}, about(i)));
        const [px, py] = screen(data.x[i], data.y[i]);
        tip.style.left = `${Math.max(4, Math.min(px + 12, width - tip.offsetWidth - 4))}px`;
        tip.style.top = `${py + 14 + tip.offsetHeight > height ? py - 14 - tip.offsetHeight : py + 14}px`;
      }
      redraw();
    }

    /* A line of artists, each a button that leads to it. */
    const buttons = (title, artists) => element("p", { class: "artist-map-near" }, `${title} `, ...artists.map((i) => {
      const other = element("button", { type: "button", dir: "auto" }, data.names[i]);
      other.addEventListener("click", () => choose(i));
      return other;
    }));

    /* Names with commas between them, each in its own direction of writing. */
    const listed = (names) => names.flatMap((name, place_) => [place_ ? ", " : "", element("bdi", { dir: "auto" }, name)]);

    function choose(i, move = true) {
      chosen = i;
      container.dataset.chosen = data.names[i];
      panel.replaceChildren(
        element("p", {}, element("strong", { dir: "auto" }, data.names[i]), ` ${about(i)}`),
        element("p", {}, around(i)),
        buttons("Nearest in the embedding:", data.near[i]));
      if (move) {
        const k = Math.max(view.k, 6);
        const [x, y] = [left + data.x[i] * scale, top + data.y[i] * scale];
        go((target) => target.call(zoom.transform, d3.zoomIdentity.translate(width / 2, height / 2).scale(k).translate(-x, -y)), 600);
      }
      redraw();
    }

    // ---- A region that recommends, and the artists of an address

    let justMarked = false; // the click that ends a drag chooses nobody
    const link = (names) => `try.html#${new URLSearchParams(names.map((name) => ["a", name]))}`;

    function mark(yes) {
      marking = yes;
      marker.setAttribute("aria-pressed", String(yes));
      canvas.classList.toggle("artist-map-marking", yes);
      status.classList.toggle("artist-map-shown", yes);
      status.textContent = yes ? "Drag over the map; by keyboard, Enter marks what is in view." : "";
      if (yes) canvas.focus({ preventScroll: true });
    }

    function marked() {
      mark(false);
      const [xs, ys] = [0, 1].map((axis) => region.map((each) => each[axis]).sort((a, b) => a - b));
      const inside = d3.range(n).filter((i) =>
        data.x[i] >= xs[0] && data.x[i] <= xs[1] && data.y[i] >= ys[0] && data.y[i] <= ys[1]);
      const best = inside.slice(0, FROM_REGION).map((i) => data.names[i]); // the best known come first in the data
      const words = best.length
        ? [`${count(inside.length, "artist")} in this region; the best known: `, ...listed(best), ". ",
          element("a", { href: link(best) }, "Recommend from these")]
        : ["No artist lies in this region: mark a larger one."];
      panel.replaceChildren(element("p", {}, ...words));
      redraw();
    }

    function ring() {
      const parts = new URLSearchParams(location.hash.slice(1));
      const found = (key) => parts.getAll(key).slice(0, RINGED).map((name) => [name, index.find(name)]);
      const [wanted, more] = [found("a"), found("r")];
      const onMap = (pairs) => [...new Set(pairs.map(([, i]) => i).filter((i) => i !== undefined))];
      [mine, offered] = [onMap(wanted), onMap(more)];
      const missing = wanted.filter(([, i]) => i === undefined).map(([name]) => name);
      const row = (title, artists) => artists.length ? [buttons(title, artists)] : [];
      const absent = missing.length ? [element("p", {}, "Not on this map: ", ...listed(missing), ".")] : [];
      yours.replaceChildren(...row("Your artists, ringed:", mine), ...absent,
        ...row("Recommended, ringed with dashes:", offered));
      redraw();
    }
    marker.addEventListener("click", () => mark(!marking));
    addEventListener("hashchange", ring);

    // ---- Move

    const zoom = d3.zoom().scaleExtent([0.8, 80])
      .filter((event) => {
        if (marking && event.type !== "wheel") return false;
        const held = document.activeElement === canvas; // until then a wheel or a finger scrolls the page
        if (event.type === "wheel") return held || event.ctrlKey;
        if (event.type === "touchstart") return held || event.touches.length > 1;
        return !event.button && !event.ctrlKey;
      })
      .on("zoom", (event) => {
        view = event.transform;
        hover(-1);
        redraw();
      });
    const map = d3.select(canvas).call(zoom);
    canvas.style.removeProperty("touch-action"); // the style sheet decides, by who holds the map
    const go = (move, time = 200) => move(still.matches ? map : map.transition().duration(time));
    closer.addEventListener("click", () => go((target) => target.call(zoom.scaleBy, 1.6)));
    farther.addEventListener("click", () => go((target) => target.call(zoom.scaleBy, 1 / 1.6)));
    all.addEventListener("click", () => go((target) => target.call(zoom.transform, d3.zoomIdentity), 400));

    canvas.addEventListener("pointerdown", (event) => {
      byKeyboard = false;
      if (event.pointerType === "mouse") canvas.focus({ preventScroll: true });
      if (!marking) return;
      canvas.setPointerCapture(event.pointerId);
      corner = place(event.offsetX, event.offsetY);
    });
    canvas.addEventListener("pointermove", (event) => {
      if (corner) {
        region = [corner, place(event.offsetX, event.offsetY)];
        redraw();
        return;
      }
      if (event.pointerType === "mouse" && !event.buttons) hover(nearestTo(event.offsetX, event.offsetY, 14));
    });
    canvas.addEventListener("pointerup", (event) => {
      if (!corner) return;
      region = [corner, place(event.offsetX, event.offsetY)];
      corner = null;
      justMarked = true;
      marked();
    });
    canvas.addEventListener("pointercancel", () => { corner = null; });
    canvas.addEventListener("pointerleave", () => hover(-1));
    canvas.addEventListener("click", (event) => {
      canvas.focus({ preventScroll: true });
      if (justMarked) {
        justMarked = false;
        return;
      }
      const found = nearestTo(event.offsetX, event.offsetY, 22);
      if (found >= 0) choose(found, false);
    });
    canvas.addEventListener("focus", () => {
      byKeyboard = canvas.matches(":focus-visible");
      redraw();
    });
    canvas.addEventListener("blur", () => {
      byKeyboard = false;
      hover(-1);
      redraw();
    });

    const KEYS = { ArrowLeft: [1, 0], ArrowRight: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
    canvas.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const key = event.key;
      if (KEYS[key]) map.interrupt().call(zoom.translateBy, ...KEYS[key].map((step) => (step * 60) / view.k));
      else if (key === "+" || key === "=") map.interrupt().call(zoom.scaleBy, 1.4);
      else if (key === "-" || key === "−") map.interrupt().call(zoom.scaleBy, 1 / 1.4);
      else if (key === "0" || key === "Home") map.interrupt().call(zoom.transform, d3.zoomIdentity);
      else if (key === "Escape" && marking) mark(false);
      else if (key === "Enter" && marking) {
        region = [place(0, 0), place(width, height)];
        marked();
      } else if (key === "Enter") {
        const middle = nearestTo(width / 2, height / 2, 60);
        if (middle >= 0) choose(middle, false);
      } else if (/^[\p{L}\p{N}]$/u.test(key)) {
        input.value = key;
        input.focus();
        search();
      } else return;
      event.preventDefault();
      event.stopPropagation(); // the theme turns pages with the arrow keys
      byKeyboard = true;
      if (document.activeElement !== canvas) return;
      const middle = nearestTo(width / 2, height / 2, 60);
      hover(middle);
      status.textContent = middle < 0 ? "" : `${data.names[middle]}, ${about(middle)}`;
    });

    // ---- Search

    let active = -1;
    let found = [];

    /* Who is meant first, then names that begin so, then words that do, then the rest, the better known first; where
       there are none, names that come near. */
    function matches(text) {
      const wanted = plain(text);
      if (!wanted) return [];
      const meant = index.match(text);
      const first = meant ? [meant.item, ...meant.others] : [];
      const rank = (name) =>
        name === wanted ? 0 : name.startsWith(wanted) ? 1 : name.includes(` ${wanted}`) ? 2 : name.includes(wanted) ? 3 : 9;
      const others = d3.range(n).map((i) => [rank(searchable[i]), i]).filter(([r]) => r < 9)
        .sort((a, b) => a[0] - b[0] || a[1] - b[1]).map(([, i]) => i);
      const all = [...new Set([...first, ...others])].slice(0, 8);
      return all.length ? all : index.suggest(text, 8);
    }

    function search() {
      found = matches(input.value);
      list.replaceChildren(...found.map((i, row) => {
        const option = element("li", { role: "option", id: id(`option-${row}`), "aria-selected": "false" },
          element("span", { dir: "auto" }, data.names[i]), element("small", {}, count(data.listeners[i], "listener")));
        option.addEventListener("pointerdown", (event) => event.preventDefault()); // the search keeps the focus
        option.addEventListener("click", () => take(i));
        return option;
      }));
      const none = Boolean(plain(input.value)) && (found.length === 0 || !isSure(found[0]));
      status.textContent = !plain(input.value) ? ""
        : none ? `No artist of that name is on this map${found.length ? "; these come near. Arrow keys choose." : "."}`
          : `${count(found.length, "artist")} found`;
      status.classList.toggle("artist-map-shown", none);
      open(found.length > 0);
      point(found.length && !none ? 0 : -1); // Enter takes no distant guess
    }

    const isSure = (i) => index.find(input.value) === i || searchable[i].includes(plain(input.value)) ||
      isClose(input.value, data.names[i]);

    function open(yes) {
      list.hidden = !yes;
      input.setAttribute("aria-expanded", String(yes));
      if (!yes) point(-1);
    }

    function point(row) {
      active = row;
      [...list.children].forEach((option, place_) => option.setAttribute("aria-selected", String(place_ === row)));
      if (row >= 0) {
        input.setAttribute("aria-activedescendant", id(`option-${row}`));
        list.children[row].scrollIntoView({ block: "nearest" });
      } else input.removeAttribute("aria-activedescendant");
    }

    function take(i) {
      input.value = data.names[i];
      open(false);
      status.textContent = "";
      choose(i);
    }

    input.addEventListener("input", search);
    input.addEventListener("blur", () => open(false));
    input.addEventListener("keydown", (event) => {
      if ((event.key === "ArrowDown" || event.key === "ArrowUp") && found.length) {
        if (list.hidden) open(true);
        point((active + (event.key === "ArrowDown" ? 1 : -1) + found.length) % found.length);
      } else if (event.key === "Enter" && found.length && (active >= 0 || isSure(found[0]))) take(found[Math.max(active, 0)]);
      else if (event.key === "Escape" && !list.hidden) open(false);
      else return;
      event.preventDefault();
      event.stopPropagation();
    });

    // ---- Size and colours follow the page

    function fit() {
      const size = frame.getBoundingClientRect();
      const ratio = window.devicePixelRatio || 1;
      [width, height] = [Math.max(size.width, 1), Math.max(size.height, 1)];
      [canvas.width, canvas.height] = [Math.round(width * ratio), Math.round(height * ratio)];
      scale = Math.min((width - 2 * MARGIN) / data.width, (height - 2 * MARGIN) / data.height);
      [left, top] = [(width - data.width * scale) / 2, (height - data.height * scale) / 2];
      zoom.extent([[0, 0], [width, height]]).translateExtent([[-width / 4, -height / 4], [width * 1.25, height * 1.25]]);
      redraw();
    }
    panel.append(element("p", {}, "Choose an artist on the map or in the search."));
    new ResizeObserver(fit).observe(frame);
    new MutationObserver(redraw).observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
    fit();
    ring();
    container.classList.add("artist-map-ready"); // hides the words for those without a script
    container.artistMap = { labels: () => labels, screen: (name) => screen(...["x", "y"].map((c) => data[c][data.names.indexOf(name)])) };
  }

  async function open(container) {
    try {
      start(container, check(await window.musicrecUnpack(window.musicrecMap)));
    } catch (error) {
      const words = container.querySelector(".artist-map-missing");
      words.textContent = `The interactive map could not be drawn (${error.message}). ${words.textContent}`;
    }
  }
  document.querySelectorAll(".artist-map").forEach(open);
})();
